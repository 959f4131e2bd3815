/**
 * The body of a request as bytes, with a bound on size and on time: what comes is counted, whatever was announced.
 */
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "@sluice/protocol/wire";
import { HttpRefusal, tooLarge } from "./http-refusal.ts";

export interface ReadBodyOptions {
  /** Most bytes. */
  readonly maxBody: number;
  /** Milliseconds from now on. */
  readonly bodyTimeout: number;
  readonly clock: Clock;
  /** Aborting it leaves the body. */
  readonly signal?: AbortSignal;
}

/** Bytes of the first buffer, whatever length was announced: it may be a lie. */
const firstBytes = 4096;

/**
 * Reads `request` to the end of its body, or leaves it where it breaks a bound.
 *
 * Rejects with {@link HttpRefusal} 413 and 408, and with what the platform says of a body that was cut off.
 */
export async function readBody(request: Request, options: ReadBodyOptions): Promise<Uint8Array> {
  const { maxBody, bodyTimeout, clock, signal } = options;
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > maxBody) throw tooLarge(maxBody);
  if (request.body === null) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  let refusal: HttpRefusal | undefined;
  const refuse = (why: HttpRefusal): void => {
    refusal = why;
    // Whatever this says, the refusal stands.
    reader.cancel(why.error).catch(() => {});
  };
  const timer = clock.setTimer(bodyTimeout, () => refuse(tooSlow(bodyTimeout)));
  const leave = (): void => refuse(nobodyWants());
  signal?.addEventListener("abort", leave);
  // One buffer: chunks may be of a byte each, and an object for each would cost many times that.
  let buffer = new Uint8Array(Math.min(maxBody, firstBytes));
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const at = bytes;
      bytes += next.value.length;
      if (bytes > maxBody) {
        refuse(tooLarge(maxBody));
        break;
      }
      if (bytes > buffer.length) {
        const grown = new Uint8Array(Math.min(maxBody, 2 * bytes));
        grown.set(buffer.subarray(0, at));
        buffer = grown;
      }
      buffer.set(next.value, at);
    }
  } catch (reason) {
    // A carrier may say that it was cut, where this side has cut it.
    throw refusal ?? reason;
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", leave);
  }
  if (refusal !== undefined) throw refusal;
  return buffer.subarray(0, bytes);
}

function nobodyWants(): HttpRefusal {
  const message = "The link of the body is over";
  return new HttpRefusal(new SluiceError("UNAVAILABLE", message, { processed: "no" }), 404);
}

function tooSlow(bodyTimeout: number): HttpRefusal {
  const message = `The body was not here within ${bodyTimeout} ms`;
  const error = new SluiceError("DEADLINE_EXCEEDED", message, { processed: "no" });
  return new HttpRefusal(error, 408);
}
