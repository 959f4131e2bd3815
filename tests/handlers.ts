/** The handlers of the end-to-end protocol, as simple as they can be; tests replace those that they are about. */
import type { HandlersOf } from "@sluice/server";
import type { TestProtocol } from "./protocol.ts";

export type TestHandlers = HandlersOf<TestProtocol, undefined>;

export const handlers: TestHandlers = {
  "plain/ping": () => {},
  "plain/any": ({ param }) => param,
  "math/add": ({ param }) => param.a + param.b,
  "math/multiply": ({ param: [a, b] }) => a * b,
  "bytes/echo": ({ param }) => param,
  "shop/order": ({ param, fail }) =>
    param.count > 3 ? fail("NO_STOCK", { left: 3 }) : { id: `${param.item}-1` },
  async *"numbers/count"({ param }) {
    for (let n = 1; n <= param.to; n++) yield { n };
    return { sent: param.to };
  },
  async "bytes/pour"({ param, writable, signal }) {
    const writer = writable.getWriter();
    const { size, count = Number.POSITIVE_INFINITY } = param;
    let poured = 0;
    for (; poured < count && !signal.aborted; poured++) await writer.write(new Uint8Array(size));
    return poured;
  },
  async "chat/join"({ param, readable, writable }) {
    const writer = writable.getWriter();
    let heard = 0;
    for await (const { text } of readable) {
      heard++;
      await writer.write({ from: param.room, text });
    }
    return { heard };
  },
  async "files/upload"({ readable }) {
    let size = 0;
    for await (const chunk of readable) size += chunk.length;
    return size;
  },
  "mouse/clicked": () => {},
};
