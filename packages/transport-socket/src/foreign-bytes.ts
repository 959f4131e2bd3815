/**
 * Names what answers instead of a peer of ours, by the first bytes that it sends.
 *
 * Every frame of links and pipes begins with a length below 16 MiB, so its first byte is 0: no text and no TLS record begins so.
 */
import { SluiceError } from "@sluice/protocol/wire";

const mostShown = 60;

/** Whether `bytes`, the first of a connection, belong to a TLS record. */
export function isTlsRecord(bytes: Uint8Array): boolean {
  const [first = 0, second] = bytes;
  return first >= 0x14 && first <= 0x17 && (second === undefined || second === 3);
}

/**
 * The error for a connection that begins with `bytes`, if they are text or TLS; `what` is who sent them. Other bytes that are not
 * ours are the decoder's to judge.
 */
export function foreignError(bytes: Uint8Array, what: string): SluiceError | undefined {
  if (isTlsRecord(bytes))
    return new SluiceError("PROTOCOL_ERROR", `${what} speaks TLS: use a tls:// address`);
  const text = textOf(bytes.subarray(0, mostShown));
  if (text === undefined || text === "") return undefined;
  const more = bytes.length > mostShown ? "…" : "";
  return new SluiceError(
    "PROTOCOL_ERROR",
    `${what} does not speak Sluice: it sent ${JSON.stringify(text)}${more}`,
  );
}

/** The text that `bytes` are, perhaps cut inside a character; `undefined` if they are none. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    // Lines may be coloured.
    return /[^\P{Cc}\t\n\r]/u.test(text.replaceAll("\u001b", "")) ? undefined : text;
  } catch {
    // What is no UTF-8 is no text.
    return undefined;
  }
}
