/** Sends one message of any size by hand, as the wire asks for: in pieces, within the limits that the other side grants. */
import {
  type RawPeer,
  rawFrames,
  rawOpenFlag,
  rawType,
  readRawCredit,
  readRawOpen,
} from "@sluice/protocol/testing";

const maxPayload = 65_536;
const smallestPiece = 1_024;
/** Results up to this come without a further grant. */
const resultWindow = 1_024 * 1_024;

type MakePiece = (offset: number, payload: Uint8Array, more: boolean) => ReturnType<typeof rawFrames.data>;

/** Sends what of `payload` follows its first `sent` bytes, which started at offset 0. */
async function sendRest(
  peer: RawPeer,
  call: number,
  payload: Uint8Array,
  progress: { sent: number; limit: number },
  make: MakePiece,
): Promise<void> {
  let { sent, limit } = progress;
  while (sent < payload.length) {
    const left = payload.length - sent;
    const room = limit - 64 - sent;
    if (room < Math.min(smallestPiece, left)) {
      limit = readRawCredit(await peer.next(rawType.CREDIT, call)).limit;
      continue;
    }
    const size = Math.min(left, room, maxPayload);
    peer.send(make(64 + sent, payload.subarray(sent, sent + size), size < left));
    sent += size;
  }
}

/** Opens a call of procedure `name` with a param of these payload bytes; its result may have up to 1 MiB. Gives the call's id. */
export async function openWith(peer: RawPeer, name: string, payload: Uint8Array): Promise<number> {
  if (payload.length <= 60_000) return peer.open(name, { payload, window: resultWindow });
  // A larger param starts with the floor of 2,048 as its limit.
  const sent = 2_048 - 64;
  const call = peer.open(name, {
    openFlags: rawOpenFlag.halfClosed,
    window: resultWindow,
    total: payload.length,
    payload: payload.subarray(0, sent),
  });
  await sendRest(peer, call, payload, { sent, limit: 0 }, (offset, piece, more) =>
    rawFrames.data(call, { offset, payload: piece, more }),
  );
  return call;
}

/** Awaits the next call and answers it with a result of these payload bytes. */
export async function answerWith(peer: RawPeer, payload: Uint8Array): Promise<void> {
  const open = await peer.next(rawType.OPEN);
  const { call } = open;
  if (payload.length <= 60_000) {
    peer.send(rawFrames.result(call, { payload }));
    return;
  }
  const { window: limit } = readRawOpen(open);
  const sent = smallestPiece;
  peer.send(
    rawFrames.result(call, { total: payload.length, more: true, payload: payload.subarray(0, sent) }),
  );
  await sendRest(peer, call, payload, { sent, limit }, (offset, piece, more) =>
    rawFrames.result(call, { offset, payload: piece, more }),
  );
}
