/**
 * The body of a request as bytes, with a bound on size and on time: what comes is counted, whatever was announced.
 */
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "@sluice/protocol/wire";
import { DirectRefusal, tooLarge } from "./direct-refusal.ts";

export interface ReadBodyOptions {
  /** Most bytes. */
  readonly maxBody: number;
  /** Milliseconds from now on. */
  readonly bodyTimeout: number;
  readonly clock: Clock;
}

/**
 * Reads `request` to the end of its body, or leaves it where it breaks a bound.
 *
 * Rejects with {@link DirectRefusal} 413 and 408, and with what the platform says of a body that was cut off.
 */
export async function readBody(request: Request, options: ReadBodyOptions): Promise<Uint8Array> {
  const { maxBody, bodyTimeout, clock } = options;
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > maxBody) throw tooLarge(maxBody);
  if (request.body === null) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  let refusal: DirectRefusal | undefined;
  const refuse = (why: DirectRefusal): void => {
    refusal = why;
    // Whatever this says, the refusal stands.
    reader.cancel(why.error).catch(() => {});
  };
  const timer = clock.setTimer(bodyTimeout, () => refuse(tooSlow(bodyTimeout)));
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.length;
      if (bytes > maxBody) {
        refuse(tooLarge(maxBody));
        break;
      }
      chunks.push(next.value);
    }
  } catch (reason) {
    // A carrier may say that it was cut, where this side has cut it.
    throw refusal ?? reason;
  } finally {
    timer.cancel();
  }
  if (refusal !== undefined) throw refusal;
  return joined(chunks, bytes);
}

function tooSlow(bodyTimeout: number): DirectRefusal {
  const message = `The body was not here within ${bodyTimeout} ms`;
  const error = new SluiceError("DEADLINE_EXCEEDED", message, { processed: "no" });
  return new DirectRefusal(error, 408);
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
