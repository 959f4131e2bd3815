/**
 * LM-1…LM-2: how large a message may be, in bytes, pieces, levels and nodes: just below goes through, just above is refused.
 *
 * Spec: docs/wire.md §3 "Messages and pieces"; the table of docs/limits.md.
 */
import { type DataFrame, FrameType } from "../../../frame/frame.ts";
import { type LimitOptions, messageOverhead } from "../../../limits.ts";
import { aborted, fails, same, until } from "../expect.ts";
import type { FramePeer } from "../frame-peer.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

const most = 10_000;

/** A frame peer that may send items to an engine which has `limits`, from `offset` on, in a call with the id `call`. */
interface Sender {
  readonly frames: FramePeer;
  readonly call: number;
  readonly offset: number;
}

/** The frame peer is the caller of a channel, or the callee of a stream. */
const senders: readonly {
  readonly who: string;
  readonly open: (rig: Rig, limits: LimitOptions) => Promise<Sender>;
}[] = [
  {
    who: "a caller",
    async open(rig, limits) {
      const handlers = { upload: ({ signal }: SuiteContext) => aborted(signal) };
      const { frames, accepting } = await rig.framesToServer({ handlers, limits });
      frames.send(frames.hello());
      await frames.next(FrameType.WELCOME);
      const server = await accepting;
      frames.send(frames.open(1, "upload", { halfClosed: false }));
      await until(() => server.started.length === 1, "the handler runs");
      // The first CREDIT opens the whole window.
      await frames.next(FrameType.CREDIT, 1);
      return { frames, call: 1, offset: messageOverhead };
    },
  },
  {
    who: "a callee",
    async open(rig, limits) {
      const { frames, connecting } = await rig.framesToClient({ limits });
      frames.send(frames.welcome());
      const client = await connecting;
      client.caller.items("watchBytes", "stream", {}).result.catch(ignore);
      const { call } = await frames.next(FrameType.OPEN);
      return { frames, call, offset: 0 };
    },
  },
];

async function itemsOfEverySize(rig: Rig): Promise<void> {
  for (const { who, open } of senders) {
    for (const before of [0, 3]) {
      const { frames, call, offset } = await open(rig, { limits: { maxMessage: most } });
      let next = offset;
      for (let item = 0; item < before; item++) {
        frames.send(frames.data(call, next, most));
        next += messageOverhead + most;
      }
      await frames.proveLife();
      frames.send(frames.data(call, next, most + 1));
      same(
        await frames.closing(),
        "FRAME_TOO_LARGE",
        `the code of CLOSE after ${before} items of ${who} and one too large`,
      );
    }
  }
}

/** The first piece of a message of `total` payload bytes, as small as it may be. */
function firstPiece(rig: Rig, { frames, call, offset }: Sender, total: number): DataFrame {
  const head = { head: true, more: true, total };
  if (rig.kind === "structured") return frames.data(call, offset, 0, head);
  return frames.data(call, offset, 1_000, head);
}

async function announcedSize(rig: Rig): Promise<void> {
  for (const { who, open } of senders) {
    const { frames, call, offset } = await open(rig, { limits: { maxMessage: most } });
    const last = rig.kind === "structured" ? most : most - 1_000;
    frames.send(
      firstPiece(rig, { frames, call, offset }, most),
      frames.data(call, offset + messageOverhead + most - last, last, { total: most }),
    );
    await frames.proveLife();
    frames.send(firstPiece(rig, { frames, call, offset: offset + messageOverhead + most }, most + 1));
    same(
      await frames.closing(),
      "FRAME_TOO_LARGE",
      `the code of CLOSE after ${who} announced one byte too many`,
    );
  }
}

async function paramsAndResults(rig: Rig): Promise<void> {
  const limits = { limits: { maxMessage: most } };
  const handlers = { askBytes: ({ param }: SuiteContext) => (param as Uint8Array).subarray(0, 1) };
  const { frames, accepting } = await rig.framesToServer({ handlers, limits });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  const server = await accepting;
  frames.send(frames.open(1, "askBytes", frames.message(most)));
  await frames.next(FrameType.RESULT, 1);
  frames.send(frames.open(3, "askBytes", frames.message(most + 1)));
  same(await frames.closing(), "FRAME_TOO_LARGE", "the code of CLOSE after a param that is too large");
  same(server.started, ["askBytes"], "handlers that ran");

  const { frames: acceptor, connecting } = await rig.framesToClient({ limits });
  acceptor.send(acceptor.welcome());
  const client = await connecting;
  const result = (call: number, bytes: number): DataFrame => ({
    ...acceptor.data(call, 0, bytes),
    type: FrameType.RESULT,
  });
  for (const bytes of [most, most + 1]) {
    const asked = client.caller.request("askBytes", { param: new Uint8Array(1) });
    const { call } = await acceptor.next(FrameType.OPEN);
    acceptor.send(result(call, bytes));
    if (bytes === most) same(await asked, rig.bytes(most), "a result at the limit");
    else await fails(asked, { code: "FRAME_TOO_LARGE" });
  }
  same(await acceptor.closing(), "FRAME_TOO_LARGE", "the code of CLOSE after a result that is too large");
}

async function whatThePeerAccepts(rig: Rig): Promise<void> {
  const limits = { limits: { maxMessage: most } };
  const handlers = { askBytes: () => rig.bytes(most + 1), ask: () => rig.bytes(most), upload: drain };
  const { client, server } = await rig.peers({ client: { limits, handlers }, server: { handlers } });
  // The server's own limit is larger: what counts is the client's.
  await fails(client.caller.request("askBytes", { param: rig.bytes(most) }), {
    code: "INTERNAL",
    origin: "remote",
  });
  same(await client.caller.request("ask"), rig.bytes(most), "a result as large as the caller accepts");
  const over = { code: "RESOURCE_EXHAUSTED", processed: "no", origin: "local" } as const;
  await fails(server.caller.request("askBytes", { param: rig.bytes(most + 1) }), over);
  const upload = server.caller.items("upload", "channel", {});
  await upload.send(rig.bytes(most));
  await fails(upload.send(rig.bytes(most + 1)), over);
  await upload.writable.close();
  same(await upload, 1, "items that came");
}

async function drain({ readable }: SuiteContext): Promise<number> {
  let count = 0;
  for await (const _ of readable) count++;
  return count;
}

/** A message in `count` pieces. */
function pieces(rig: Rig, { frames, call, offset }: Sender, count: number): DataFrame[] {
  if (rig.kind === "structured") {
    const whole = frames.data(call, offset + messageOverhead, 1_000);
    const head = frames.data(call, offset, 0, { head: true, more: true, total: 1_000 });
    return count === 1 ? [frames.data(call, offset, 1_000)] : [head, whole];
  }
  const size = 1_024;
  const total = count * size;
  return Array.from({ length: count }, (_, at) =>
    frames.data(call, offset + at * size + (at === 0 ? 0 : messageOverhead), size, {
      head: at === 0 && count > 1,
      more: at < count - 1,
      total,
    }),
  );
}

async function piecesOfAMessage(rig: Rig): Promise<void> {
  // A structured message has two pieces at most.
  const maxFragments = rig.kind === "structured" ? 1 : 4;
  for (const { who, open } of senders) {
    const { frames, call, offset } = await open(rig, { limits: { maxFragments } });
    const fits = pieces(rig, { frames, call, offset }, maxFragments);
    frames.send(...fits);
    await frames.proveLife();
    const next = offset + messageOverhead + (fits[0] as DataFrame).total;
    frames.send(...pieces(rig, { frames, call, offset: next }, maxFragments + 1));
    same(await frames.closing(), "FRAME_TOO_LARGE", `the code of CLOSE after one piece of ${who} too many`);
  }
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
const list = (nodes: number): unknown => Array.from({ length: nodes - 1 }, () => 1);
const small = { limits: { maxDepth: 8, maxNodes: 100 } };

async function levelsThatAreSent(rig: Rig): Promise<void> {
  const handlers = {
    ask: ({ param }: SuiteContext) => nested(param as number),
    askBytes: () => undefined,
    watch: echoParam,
  };
  const { client, server } = await rig.peers({ client: { limits: small, handlers }, server: { handlers } });
  const fits = client.caller.items("watch", "stream", { param: nested(8) });
  fits.abort();
  const deep = { code: "INVALID_ARGUMENT", processed: "no", origin: "local" } as const;
  await fails(client.caller.request("ask", { param: nested(9) }), deep);
  same(
    await server.caller.request("ask", { param: 8 }),
    nested(8),
    "a result at the limit of its handler's side",
  );
  await fails(server.caller.request("ask", { param: 9 }), { code: "INTERNAL", origin: "remote" });
}

const echoParam = ({ param }: SuiteContext): unknown => param;

async function levelsAndNodesThatCome(rig: Rig): Promise<void> {
  const handlers = { ask: echoParam, watch: watchParam };
  const { client, server } = await rig.peers({ server: { limits: small, handlers }, client: { handlers } });
  for (const [fits, over] of [
    [nested(8), nested(9)],
    [list(100), list(101)],
  ]) {
    same(await client.caller.request("ask", { param: fits }), fits, "a param at the limit of the callee");
    await fails(client.caller.request("ask", { param: over }), { code: "DECODE_ERROR", origin: "remote" });
  }
  // The server is the caller now, and its limits hold for results and items.
  for (const [size, make] of [
    [100, list],
    [8, nested],
  ] as const) {
    const made = await rig.peers({
      client: {
        handlers: {
          ask: ({ param }) => make(param as number),
          watch: ({ param, writable }) => watchParam({ param: make(param as number), writable }),
        },
      },
      server: { limits: small },
    });
    const { caller } = made.server;
    same(await caller.request("ask", { param: size }), make(size), "a result at the limit of the caller");
    await fails(caller.request("ask", { param: size + 1 }), { code: "DECODE_ERROR" });
    const reader = caller.items("watch", "stream", { param: size }).readable.getReader();
    same((await reader.read()).value, make(size), "an item at the limit of the caller");
    await fails(
      caller
        .items("watch", "stream", { param: size + 1 })
        .readable.getReader()
        .read(),
      { code: "DECODE_ERROR" },
    );
    same(made.server.session.state.name, "open", "the session afterwards");
  }
  same([client.session.state.name, server.session.state.name], ["open", "open"], "the sessions afterwards");
}

async function watchParam({ param, writable }: Pick<SuiteContext, "param" | "writable">): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(param);
  await writer.close();
}

function ignore(): void {}

/** Cases of limits on messages. */
export const limitMessageCases: readonly SuiteCase[] = [
  { id: "LM-1", title: "maxMessage: items that come, the first and later ones", run: itemsOfEverySize },
  { id: "LM-1", title: "maxMessage: a length that is announced", run: announcedSize },
  { id: "LM-1", title: "maxMessage: params and results that come", run: paramsAndResults },
  { id: "LM-1", title: "maxMessage: the smaller one of both peers counts", run: whatThePeerAccepts },
  { id: "LM-1", title: "maxFragments: pieces that come", run: piecesOfAMessage },
  { id: "LM-2", title: "maxDepth: values that are sent", run: levelsThatAreSent },
  {
    id: "LM-2",
    title: "maxDepth and maxNodes: values that come as bytes",
    needs: "binary",
    run: levelsAndNodesThatCome,
  },
];
