/**
 * A protocol as functions: `api.orders.place({ item: "pen" })` calls `orders/place`.
 *
 * A tree of plain objects, made once from the protocol's names; types in definition/call-types.ts.
 */
import type { ProcedureDefinition, ProtocolDefinition } from "../definition/protocol-definition.ts";
import { jsonSchemaOf } from "../schema/standard-schema.ts";
import type { AnyCallOptions } from "./call-opener.ts";
import type { Caller } from "./caller.ts";

type ApiNode = { [segment: string]: unknown };

/** Functions for all procedures of `protocol`, whose names on the wire start with `prefix`. */
export function makeApi(caller: Caller, protocol: ProtocolDefinition, prefix = ""): unknown {
  const root: ApiNode = Object.create(null);
  // Shorter names first: a name that is also the beginning of others becomes a function with members.
  for (const name of Object.keys(protocol).sort((a, b) => a.length - b.length)) {
    const segments = name.split("/");
    const last = segments.pop() as string;
    let node = root;
    for (const segment of segments) node = memberOf(node, segment);
    const definition = protocol[name] as ProcedureDefinition;
    define(node, last, makeFunction(caller, prefix + name, definition));
  }
  return root;
}

function memberOf(node: ApiNode, segment: string): ApiNode {
  const own = Object.hasOwn(node, segment) ? node[segment] : undefined;
  // A function has a `name` and a `length` of its own, which are no members.
  if (typeof own === "function" || (typeof own === "object" && own !== null)) return own as ApiNode;
  const member: ApiNode = Object.create(null);
  define(node, segment, member);
  return member;
}

/** Also over a function's own `name` and `length`. */
function define(node: ApiNode, segment: string, value: unknown): void {
  Object.defineProperty(node, segment, { value, enumerable: true, configurable: true });
}

function makeFunction(caller: Caller, name: string, definition: ProcedureDefinition): unknown {
  const readArguments = argumentReader(definition);
  const { type } = definition;
  return (...args: unknown[]): unknown => {
    const options = readArguments(args);
    if (type === "request") return caller.request(name, options);
    if (type === "event") return caller.event(name, options);
    return caller.items(name, type, options);
  };
}

/** How the arguments of a function become the options of a call. */
function argumentReader(definition: ProcedureDefinition): (args: unknown[]) => AnyCallOptions {
  if (definition.type === "event") {
    return ([data, options]) => ({ ...(options as AnyCallOptions | undefined), data });
  }
  const schema = definition.param === undefined ? undefined : jsonSchemaOf(definition.param);
  if (typeof schema !== "object" || schema.prefixItems === undefined)
    return ([param, options]) => ({ ...(options as AnyCallOptions | undefined), param });
  const { items, maxItems, prefixItems } = schema;
  const { length } = prefixItems;
  // Of a tuple without end, everything is an element.
  if (items !== false && maxItems !== length) return (args) => ({ param: args });
  return (args) => {
    const options = args[length] as AnyCallOptions | undefined;
    return { ...options, param: withoutAbsentEnd(args.slice(0, length)) };
  };
}

/** Elements that were left out so that options could follow are no elements. */
function withoutAbsentEnd(elements: unknown[]): unknown[] {
  let { length } = elements;
  while (length > 0 && elements[length - 1] === undefined) length--;
  return length === elements.length ? elements : elements.slice(0, length);
}
