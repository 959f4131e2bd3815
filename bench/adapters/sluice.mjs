// Sluice with its defaults: JSON, validation on both sides, credit, limits.
import { connect as connectClient } from "@sluice/client";
import { Server } from "@sluice/server";

const person = {
  type: "object",
  properties: {
    id: { type: "number" },
    name: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["id", "name", "tags"],
  additionalProperties: false,
};

const tick = {
  type: "object",
  properties: { seq: { type: "number" }, ts: { type: "number" }, value: { type: "number" } },
  required: ["seq", "ts", "value"],
  additionalProperties: false,
};

const protocol = {
  echo: { type: "request", param: person, result: person },
  ticks: { type: "stream", param: { type: "integer" }, receive: tick },
};

export async function serve(address) {
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      echo: async ({ param }) => param,
      async *ticks({ param }) {
        for (let seq = 0; seq < param; seq++) yield { seq, ts: 1, value: seq * 0.5 };
      },
    },
  });
  const [bound] = await server.listen(address);
  return bound;
}

export const connect = (address) => connectWith(address, {});

/** As it comes, but for `options`. */
export async function connectWith(address, options) {
  const client = await connectClient(address, { protocol, ...options });
  await client.ready;
  return {
    echo: (param) => client.request("echo", { param }),
    async ticks(param) {
      let received = 0;
      for await (const _ of client.stream("ticks", { param })) received++;
      return received;
    },
    close: () => client.dispose(),
  };
}
