/**
 * Handlers out of an object: the methods of a class serve a protocol, unchanged.
 *
 * The types of the methods are in methods-of.ts.
 */
import type { HandlersOf, ProcedureDefinition, ProtocolDefinition } from "@sluice/protocol";
import { jsonSchemaOf } from "@sluice/protocol/wire";
import type { MethodsOf } from "./methods-of.ts";

type Method = (...args: unknown[]) => unknown;

/** What of a handler's context becomes arguments. */
interface BoundContext {
  readonly param: unknown;
  readonly data: unknown;
}

/**
 * A handler for every procedure of `protocol`: of `add` the method `instance.add`, of `math/add` the method
 * `instance.math.add`, along the same path as `client.api`.
 *
 * A method gets the param (of an event the data), then the handler's context. The elements of a `prefixItems` param are
 * arguments of their own; those that the caller left out are `undefined`, so that the context has its place. `this` is the object
 * that holds the method. Methods are looked up now: what is assigned to `instance` later is not seen. What every object and
 * every function inherits (`toString`, `constructor`, …) is no method.
 * @throws {TypeError} that names the methods that are missing, and the members that are no functions
 */
export function bind<const Protocol extends ProtocolDefinition, Context = unknown>(
  protocol: Protocol,
  instance: MethodsOf<Protocol, Context>,
): HandlersOf<Protocol, Context> {
  const missing: string[] = [];
  const others: string[] = [];
  const handlers: [string, Method][] = [];
  for (const [name, definition] of Object.entries(protocol)) {
    const path = name.split("/");
    const { holder, member } = memberAt(instance, path);
    if (member === undefined) missing.push(path.join("."));
    else if (typeof member !== "function") others.push(`${path.join(".")} (${kindOf(member)})`);
    else handlers.push([name, handlerOf(definition, holder, member as Method)]);
  }
  const problems = [
    ...(missing.length === 0 ? [] : [`Missing method: ${missing.join(", ")}`]),
    ...(others.length === 0 ? [] : [`Not a method: ${others.join(", ")}`]),
  ];
  if (problems.length > 0) throw new TypeError(problems.join("; "));
  // The types have compared the methods with the handlers; at run time both are found by name.
  return Object.fromEntries(handlers) as unknown as HandlersOf<Protocol, Context>;
}

/** The member at the end of `path`, and the object that it was read from. */
function memberAt(root: unknown, path: readonly string[]): { holder: unknown; member: unknown } {
  let holder: unknown;
  let member: unknown = root;
  for (const segment of path) {
    holder = member;
    member = hasMember(holder, segment) ? (holder as Record<string, unknown>)[segment] : undefined;
  }
  return { holder, member };
}

/** Whether `value` has a member of its own or of its classes, beyond what all objects or all functions have. */
function hasMember(value: unknown, name: string): boolean {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return false;
  let at: object | null = value;
  while (at !== null && at !== Object.prototype && at !== Function.prototype) {
    const own = Object.getOwnPropertyDescriptor(at, name);
    if (own !== undefined) return !isConstructorOf(at, name, own.value);
    at = Object.getPrototypeOf(at);
  }
  return false;
}

/** Whether a member is the link that every prototype has to its class. */
function isConstructorOf(prototype: object, name: string, value: unknown): boolean {
  return name === "constructor" && typeof value === "function" && value.prototype === prototype;
}

function kindOf(member: unknown): string {
  return member === null ? "null" : typeof member;
}

function handlerOf(definition: ProcedureDefinition, holder: unknown, method: Method): Method {
  if (definition.type === "event") {
    return (context) => method.call(holder, (context as BoundContext).data, context);
  }
  const elements = elementCount(definition.param);
  if (elements === undefined) {
    return (context) => method.call(holder, (context as BoundContext).param, context);
  }
  return (context) => {
    const { param } = context as BoundContext;
    // Its schema may allow other values than arrays as well.
    if (!Array.isArray(param)) return method.call(holder, param, context);
    const args: unknown[] = [...param];
    while (args.length < elements) args.push(undefined);
    return method.call(holder, ...args, context);
  };
}

/** How many arguments the elements of a param make; `undefined` if it is one argument. */
function elementCount(param: unknown): number | undefined {
  const schema = param === undefined ? undefined : jsonSchemaOf(param);
  return typeof schema === "object" ? schema.prefixItems?.length : undefined;
}
