/** A client takes its protocol from a value, from a type argument, or from the type parameters of its transport. */
import { describe, expectTypeOf, test } from "vitest";
import type { AnyClientMessageOf, AnyServerMessageOf } from "../../src/definition/message-types.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { Client, HttpTransport, Server, SocketTransport } from "./declared-peers.ts";
import { type Shop, shop } from "./shop.ts";

type Definition = typeof shop;
const other = { "orders/place": { type: "request", param: { type: "string" } } } as const;
type Other = typeof other;
/** All of the shop, and one more. */
interface Larger extends Definition {
  readonly more: { readonly type: "request" };
}

const socket = {};
const untyped = new SocketTransport({ socket });
const untypedHttp = new HttpTransport({ url: "https://shop.example" });
const ofShop = new SocketTransport<AnyServerMessageOf<Shop>, AnyClientMessageOf<Shop>>({ socket });
const ofDefinition = new SocketTransport<AnyServerMessageOf<Definition>, AnyClientMessageOf<Definition>>({
  socket,
});

describe("Client", () => {
  test("infers the protocol from a transport's type parameters", () => {
    expectTypeOf(new Client({ transport: ofShop })).toEqualTypeOf<Client<Shop>>();
    expectTypeOf(new Client({ transport: ofDefinition })).toEqualTypeOf<Client<Definition>>();
    expectTypeOf(
      new Client({
        transport: new SocketTransport<AnyServerMessageOf<Shop>, AnyClientMessageOf<Shop>>({ socket }),
      }),
    ).toEqualTypeOf<Client<Shop>>();
    expectTypeOf(
      new Client({ transport: new HttpTransport<Shop>({ url: "https://shop.example" }) }),
    ).toEqualTypeOf<Client<Shop>>();
  });

  test("infers the protocol from a value", () => {
    expectTypeOf(new Client({ protocol: shop, transport: untyped })).toEqualTypeOf<Client<Definition>>();
    expectTypeOf(new Client({ protocol: shop, transport: ofDefinition })).toEqualTypeOf<Client<Definition>>();
    const inline = new Client({
      protocol: { a: { type: "request", result: { const: 1 } } },
      transport: untyped,
    });
    expectTypeOf(inline.request("a")).toEqualTypeOf<Promise<1>>();
  });

  test("takes the protocol as a type argument", () => {
    expectTypeOf(new Client<Shop>({ transport: untyped })).toEqualTypeOf<Client<Shop>>();
    expectTypeOf(new Client<Shop>({ transport: untypedHttp })).toEqualTypeOf<Client<Shop>>();
    expectTypeOf(new Client<Shop>({ transport: ofDefinition })).toEqualTypeOf<Client<Shop>>();
  });

  test("knows nothing without any of them", () => {
    const client = new Client({ transport: untyped });
    expectTypeOf(client).toEqualTypeOf<Client<ProtocolDefinition>>();
    expectTypeOf(client.request("anything", { param: 3 })).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(client.request("anything")).toEqualTypeOf<Promise<unknown>>();
  });

  test("refuses a transport of another protocol", () => {
    const ofOther = new SocketTransport<AnyServerMessageOf<Other>, AnyClientMessageOf<Other>>({ socket });
    // @ts-expect-error another protocol
    new Client<Shop>({ transport: ofOther });
    // @ts-expect-error another protocol
    new Client({ protocol: shop, transport: ofOther });
    const ofLarger = new SocketTransport<AnyServerMessageOf<Larger>, AnyClientMessageOf<Larger>>({ socket });
    // @ts-expect-error the shop and more is not the shop
    new Client<Shop>({ transport: ofLarger });
    // @ts-expect-error the shop is not the shop and more
    new Client<Larger>({ transport: ofShop });
    // @ts-expect-error an empty protocol
    new Client<Record<never, never>>({ transport: ofShop });
    // @ts-expect-error another protocol
    new Client<Shop>({ transport: new HttpTransport<Other>({ url: "" }) });
  });

  test("refuses a server's transport", () => {
    const server = new SocketTransport<AnyClientMessageOf<Shop>, AnyServerMessageOf<Shop>>({ socket });
    // @ts-expect-error the other way round
    new Client({ transport: server });
    // @ts-expect-error the other way round
    new Client<Shop>({ transport: server });
    const confused = new SocketTransport<AnyServerMessageOf<Shop>, AnyServerMessageOf<Shop>>({ socket });
    // @ts-expect-error the same in both directions
    new Client<Shop>({ transport: confused });
  });
});

describe("Server", () => {
  const protocol = {
    ping: { type: "request", result: { const: "pong" } },
  } as const satisfies ProtocolDefinition;
  const handlers = { ping: (): "pong" => "pong" };

  test("takes its own transport, or one that says nothing", () => {
    type Ping = typeof protocol;
    const transport = new SocketTransport<AnyClientMessageOf<Ping>, AnyServerMessageOf<Ping>>({ socket });
    expectTypeOf(new Server({ protocol, transport, handlers })).toEqualTypeOf<Server<Ping>>();
    expectTypeOf(new Server({ protocol, transport: untyped, handlers })).toEqualTypeOf<Server<Ping>>();
  });

  test("refuses a client's transport, and one of another protocol", () => {
    type Ping = typeof protocol;
    const ofClient = new SocketTransport<AnyServerMessageOf<Ping>, AnyClientMessageOf<Ping>>({ socket });
    // @ts-expect-error the other way round
    new Server({ protocol, transport: ofClient, handlers });
    const ofOther = new SocketTransport<AnyClientMessageOf<Other>, AnyServerMessageOf<Other>>({ socket });
    // @ts-expect-error another protocol
    new Server({ protocol, transport: ofOther, handlers });
  });
});
