/** ClientProcedures: a protocol is compiled once per encoding, however many sessions ask. */
import { closures, type ProtocolDefinition, type Validator } from "@sluice/protocol";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { type Encoding, jsonCodec, resolveLimits, type Session } from "@sluice/protocol/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { ClientProcedures } from "../src/procedures.ts";

const protocol = {
  place: { type: "request", param: { type: "string" }, result: { type: "integer" } },
} as const satisfies ProtocolDefinition;

/** All that is asked of a session. */
const session = (encoding: Encoding): Session => ({ encoding }) as Session;
const json = session({ kind: "bytes", codec: jsonCodec });
const msgpack = session({ kind: "bytes", codec: msgpackCodec });
const structured = session({ kind: "structured" });

let compiled: number;
let options: ConstructorParameters<typeof ClientProcedures>[1];

beforeEach(() => {
  compiled = 0;
  const engine = closures();
  const counting = {
    ...engine,
    compile(...args: Parameters<Validator["compile"]>) {
      compiled++;
      return engine.compile(...args);
    },
  } as Validator;
  options = { validator: counting, validate: "all", limits: resolveLimits() };
});

describe("ClientProcedures", () => {
  test("gives sessions of one encoding the same, and those of another their own", () => {
    const procedures = new ClientProcedures(protocol, options);
    const first = procedures.of(json);
    expect(procedures.of(session({ kind: "bytes", codec: jsonCodec }))).toBe(first);
    const others = [procedures.of(msgpack), procedures.of(structured)];
    expect(new Set([first, ...others]).size).toBe(3);
    expect([procedures.of(msgpack), procedures.of(structured)]).toEqual(others);
  });

  test("compiles a schema when it is first used, and not again", () => {
    const procedures = new ClientProcedures(protocol, options);
    expect(compiled).toBe(0);
    for (let call = 0; call < 3; call++) void procedures.of(json).find("place")?.param;
    expect(compiled).toBe(1);
  });

  test("checks what goes out, as a caller", () => {
    const param = new ClientProcedures(protocol, options).of(json).find("place")?.param;
    expect(() => param?.encode(1)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => param?.encode("pen")).not.toThrow();
  });

  test("knows the protocol's names only, and every name without a protocol", () => {
    const known = new ClientProcedures(protocol, options).of(structured);
    expect([known.find("place")?.kind, known.find("constructor")]).toEqual(["request", undefined]);
    const unknown = new ClientProcedures(undefined, options).of(structured);
    expect(unknown.find("constructor")).toMatchObject({ name: "constructor", kind: undefined });
    expect(() => unknown.find("place")?.param.encode(1)).not.toThrow();
    expect(compiled).toBe(0);
  });

  test("with() is the same for another protocol", () => {
    const other = new ClientProcedures(protocol, options).with({ eat: { type: "event" } });
    expect([other.of(json).find("eat")?.kind, other.of(json).find("place")]).toEqual(["event", undefined]);
  });
});
