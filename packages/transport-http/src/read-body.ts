/**
 * The body of a request as bytes, with a bound on size and on time: what comes is counted, whatever was announced.
 */
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "@sluice/protocol/wire";
import { HttpRefusal, tooLarge } from "./http-refusal.ts";
import type { HttpBodyReader, HttpRequest } from "./http-request.ts";

export interface ReadBodyOptions {
  /** Most bytes. */
  readonly maxBody: number;
  /** Milliseconds from now on. */
  readonly bodyTimeout: number;
  readonly clock: Clock;
  /** Holds, while the body is read, what leaves it. */
  readonly leaving?: Set<() => void>;
}

/** Bytes of the first buffer at most, whatever length was announced: it may be a lie. */
const firstBytes = 4096;

/**
 * Reads `request` to the end of its body, or leaves it where it breaks a bound.
 *
 * Rejects with {@link HttpRefusal} 413 and 408, and with what the platform says of a body that was cut off.
 */
export async function readBody(
  request: Pick<HttpRequest, "headers" | "body">,
  options: ReadBodyOptions,
): Promise<Uint8Array> {
  const { maxBody, bodyTimeout, clock, leaving } = options;
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > maxBody) throw tooLarge(maxBody);
  if (request.body === null) return new Uint8Array();
  const reader: HttpBodyReader = request.body.getReader();
  let refusal: HttpRefusal | undefined;
  const refuse = (why: HttpRefusal): void => {
    refusal = why;
    // Whatever this says, the refusal stands.
    reader.cancel(why.error).catch(() => {});
  };
  const timer = clock.setTimer(bodyTimeout, () => refuse(tooSlow(bodyTimeout)));
  const leave = (): void => refuse(nobodyWants());
  leaving?.add(leave);
  // One buffer: chunks may be of a byte each, and an object for each would cost many times that.
  let buffer = new Uint8Array(Math.min(maxBody, firstBytes, lengthOf(announced)));
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) break;
      const at = bytes;
      bytes += value.length;
      if (bytes > maxBody) {
        refuse(tooLarge(maxBody));
        break;
      }
      if (bytes > buffer.length) {
        const grown = new Uint8Array(Math.min(maxBody, 2 * bytes));
        grown.set(buffer.subarray(0, at));
        buffer = grown;
      }
      buffer.set(value, at);
    }
  } catch (reason) {
    // A carrier may say that it was cut, where this side has cut it.
    throw refusal ?? reason;
  } finally {
    timer.cancel();
    leaving?.delete(leave);
  }
  if (refusal !== undefined) throw refusal;
  return buffer.subarray(0, bytes);
}

/** Infinite where none was announced. */
function lengthOf(announced: string | null): number {
  return announced !== null && /^\d{1,15}$/.test(announced) ? Number(announced) : Number.POSITIVE_INFINITY;
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
