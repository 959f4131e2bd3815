/**
 * The items of a stream as server-sent events, made as fast as the response's body is read; the last event is `result` or `error`.
 *
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html. Spec: docs/wire.md §5, docs/http.md.
 */
import { SluiceError } from "@sluice/protocol";
import type { Clock, OutgoingCall } from "@sluice/protocol/wire";
import { eventIdOf } from "./direct-metadata.ts";
import { errorJson } from "./direct-response.ts";
import { type JsonText, jsonOf } from "./json-text.ts";

/** Items that are here go out together, up to so many characters. */
const chunkLength = 16 * 1024;

type Inbox = NonNullable<OutgoingCall["inbox"]>;

export interface DirectEventsOptions {
  readonly inbox: Inbox;
  /** What the call ends with: JSON text, bytes or `undefined`. Rejects with a SluiceError. */
  readonly result: Promise<unknown>;
  readonly clock: Clock;
  /** Milliseconds without an event after which a comment shows that the line is alive. */
  readonly keepAlive: number;
  /** The property of an item that is the id of its event; `undefined`: events have none. */
  readonly cursor: string | undefined;
  /** Called once, when the last event was taken or the reader has left. */
  onOver(hasLeft: boolean): void;
}

const headers = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
} as const;

/** 200 with a body that takes an item when its reader asks for one, and no sooner. */
export function eventsResponse(options: DirectEventsOptions): Response {
  return new Response(eventsBody(options), { status: 200, headers });
}

function eventsBody(options: DirectEventsOptions): ReadableStream<Uint8Array> {
  const { inbox, result, clock, keepAlive, cursor, onOver } = options;
  const encoder = new TextEncoder();
  const itemEvent = (item: unknown): string => {
    const text = jsonOf(item);
    const id = cursor === undefined ? undefined : eventIdOf(text, cursor);
    return `${id === undefined ? "" : `id: ${id}\n`}${eventOf(undefined, text)}`;
  };
  /** Asked for, and not here when the line had to be kept alive. */
  let awaited: Promise<IteratorResult<unknown, undefined> | SluiceError> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        awaited ??= inbox.next().catch((reason) => SluiceError.from(reason));
        const next = await unlessSilent(awaited, clock, keepAlive);
        if (next === undefined) {
          controller.enqueue(encoder.encode(": alive\n\n"));
          return;
        }
        awaited = undefined;
        if (!SluiceError.is(next) && next.done !== true) {
          let text = itemEvent(next.value);
          while (inbox.length > 0 && text.length < chunkLength) text += itemEvent(inbox.shift());
          controller.enqueue(encoder.encode(text));
          return;
        }
        controller.enqueue(encoder.encode(await lastEvent(result)));
        controller.close();
        onOver(false);
      },
      cancel: () => onOver(true),
    },
    // No item is taken before somebody asks for it.
    { highWaterMark: 0 },
  );
}

function lastEvent(result: Promise<unknown>): Promise<string> {
  return result.then(
    (value) => eventOf("result", jsonOf(value)),
    (reason) => eventOf("error", errorJson(SluiceError.from(reason))),
  );
}

/** An event with a line of data for every line of `text`, so that no text can end it. */
function eventOf(name: string | undefined, text: JsonText): string {
  const lines = (text ?? "").split(/\r\n|\r|\n/).map((line) => (line === "" ? "data:\n" : `data: ${line}\n`));
  return `${name === undefined ? "" : `event: ${name}\n`}${lines.join("")}\n`;
}

/** What `promise` brings, or `undefined` if that takes more than `ms`. */
function unlessSilent<Value>(promise: Promise<Value>, clock: Clock, ms: number): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, () => resolve(undefined), { background: true });
    void promise.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}
