/** The protocol that most tests of the client call, and handlers of it. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { aborted } from "./world.ts";

const text = { type: "string" } as const;
const integer = { type: "integer" } as const;

export const shop = {
  "orders/place": { type: "request", param: text, result: text },
  /** Its handler waits for its signal, and gives the reason. */
  "orders/wait": { type: "request", result: text },
  "prices/count": { type: "stream", param: integer, receive: integer, result: text },
  "chat/join": { type: "channel", send: text, receive: text, result: integer },
  viewed: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

interface Context {
  readonly param: never;
  readonly data: string;
  readonly readable: AsyncIterable<string>;
  readonly writable: WritableStream<string>;
  readonly signal: AbortSignal;
}

/** What was viewed goes to `views`. */
export function shopHandlers(views: string[] = []) {
  return {
    "orders/place": ({ param }: Context) => `1 ${param}`,
    "orders/wait": ({ signal }: Context) => aborted(signal),
    async *"prices/count"({ param }: Context) {
      for (let price = 1; price <= param; price++) yield price;
      return "sold out";
    },
    async "chat/join"({ readable, writable }: Context) {
      const writer = writable.getWriter();
      let heard = 0;
      for await (const said of readable) {
        heard++;
        await writer.write(`${said}!`);
      }
      return heard;
    },
    viewed: ({ data }: Context) => void views.push(data),
  };
}
