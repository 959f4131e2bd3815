// The limit in memory: an awaited function, and the checks that a client and a server make of what passes between them.
import { auto, closures } from "@sluice/protocol";
import { ajv } from "@sluice/server/ajv";
import { chunkAt, TickCheck, tick } from "../values.mjs";
import { schemas } from "./sluice.mjs";

export const serve = async (address) => address;

export async function connect() {
  const [clients, servers] = [closures(), auto(ajv(), closures())];
  const checked = (schema) => {
    const checks = [clients.compile(schema), servers.compile(schema)];
    return (value) => {
      for (const check of checks) {
        const issue = check(value);
        if (issue !== undefined) throw new TypeError(JSON.stringify(issue));
      }
      return value;
    };
  };
  const [person, record, item] = [schemas.person, schemas.record, schemas.tick].map(checked);
  const echo = async (value) => value;
  return {
    echo: async (value) => person(await echo(person(value))),
    echoRecord: async (value) => record(await echo(record(value))),
    async ticks(count, check = new TickCheck()) {
      async function* source() {
        for (let seq = 0; seq < count; seq++) yield tick(seq);
      }
      for await (const value of source()) check.take(item(value));
      return check.count;
    },
    async download(count, onChunk) {
      async function* source() {
        for (let at = 0; at < count; at++) yield chunkAt(at);
      }
      for await (const chunk of source()) onChunk(chunk);
    },
    close: async () => {},
  };
}
