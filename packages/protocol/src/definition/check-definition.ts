/**
 * Checks a protocol object at run time: kinds, slots, names, error codes and schemas, when a server or a client is made of it.
 *
 * What the types refuse it refuses too, for protocols in JavaScript, from a file, or typed too loosely.
 */
import { isErrorCode } from "../errors/error-code.ts";
import { checkSchema } from "../schema/check-schema.ts";
import { jsonSchemaOf } from "../schema/standard-schema.ts";
import { hasProperty } from "./has-property.ts";
import type { JsonSchema } from "./json-schema.ts";
import {
  isProcedureKind,
  type ProcedureKind,
  procedureKinds,
  requiredSlotsByKind,
  type SlotName,
  schemaSlots,
  slotsByKind,
} from "./kinds.ts";

/** Its length is one byte on the wire. */
const longestName = 255;
const longestCode = 128;

const codePattern = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** C0, DEL and C1. */
const controlCharacter = /\p{Cc}/u;
const loneSurrogate = /\p{Cs}/u;

const errorSlots: readonly string[] = ["description", "data", "retryable"];

/** A connection may have a server of its own, and all of them the same protocol. */
const checked = new WeakSet<object>();

/**
 * Checks `protocol`, once per object: what is changed in it later is not seen.
 *
 * @throws {TypeError} that names the procedure and the slot, and says what was expected
 */
export function checkDefinition(protocol: unknown): void {
  if (!isObject(protocol)) {
    throw new TypeError(`A protocol is an object from names to procedures, it is ${kindOf(protocol)}`);
  }
  if (checked.has(protocol)) return;
  for (const [name, procedure] of Object.entries(protocol)) {
    checkName(name);
    new ProcedureCheck(name, procedure).run();
  }
  checked.add(protocol);
}

function checkName(name: string): void {
  const fault = faultOfName(name);
  if (fault !== undefined) throw new TypeError(`A procedure cannot be called ${quote(name)}: ${fault}`);
}

function faultOfName(name: string): string | undefined {
  if (name === "") return "a name has at least one character";
  if (loneSurrogate.test(name)) return "it is no valid Unicode";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > longestName) return `it has ${bytes} bytes of UTF-8, at most ${longestName} are allowed`;
  if (name.startsWith("$")) return "names with $ are the toolkit's own";
  if (controlCharacter.test(name)) return "it has a control character";
  if (name === "__proto__") return "objects cannot tell it apart";
  return undefined;
}

class ProcedureCheck {
  readonly #name: string;
  readonly #slots: ReadonlyMap<string, unknown>;

  constructor(name: string, procedure: unknown) {
    this.#name = name;
    if (!isObject(procedure)) {
      this.#refuse(`a procedure is an object with a type, it is ${kindOf(procedure)}`);
    }
    // An absent slot and one that is `undefined` are the same.
    this.#slots = new Map(Object.entries(procedure).filter(([, held]) => held !== undefined));
  }

  run(): void {
    const kind = this.#kind();
    this.#checkSlotNames(kind);
    for (const slot of requiredSlotsByKind[kind]) {
      if (!this.#slots.has(slot)) this.#refuse(`a ${kind} needs a ${slot} slot, the schema of its items`);
    }
    for (const slot of schemaSlots) {
      if (this.#slots.has(slot)) this.#checkSchema(slot, this.#slots.get(slot));
    }
    this.#checkType("description", "a string", isString);
    this.#checkType("deprecated", "true or false", isBoolean);
    this.#checkType("idempotent", "true or false", isBoolean);
    this.#checkType("examples", "an array of values", Array.isArray);
    this.#checkType("tags", "an array of strings", (held) => Array.isArray(held) && held.every(isString));
    this.#checkErrors();
    this.#checkCursor();
  }

  #kind(): ProcedureKind {
    const kind = this.#slots.get("type");
    if (isProcedureKind(kind)) return kind;
    return this.#refuse(`type is ${shown(kind)}, expected one of ${procedureKinds.map(quote).join(", ")}`);
  }

  #checkSlotNames(kind: ProcedureKind): void {
    const known: readonly string[] = slotsByKind[kind];
    for (const slot of this.#slots.keys()) {
      if (slot === "type" || known.includes(slot)) continue;
      const owners = procedureKinds.filter((each) => slotsByKind[each].includes(slot as SlotName));
      const what =
        owners.length > 0 ? `${slot} belongs to ${owners.join(", ")}` : `unknown slot ${quote(slot)}`;
      this.#refuse(`${what}; ${article(kind)} ${kind} can have ${known.join(", ")}`);
    }
  }

  #checkType(slot: SlotName, expected: string, isRight: (held: unknown) => boolean): void {
    const held = this.#slots.get(slot);
    if (held !== undefined && !isRight(held))
      this.#refuse(`${slot} must be ${expected}, it is ${shown(held)}`);
  }

  #checkErrors(): void {
    const errors = this.#slots.get("errors");
    if (errors === undefined) return;
    if (!isObject(errors))
      this.#refuse(`errors must be an object from codes to errors, it is ${shown(errors)}`);
    for (const [code, declared] of Object.entries(errors)) {
      if (!codePattern.test(code) || code.length > longestCode) {
        this.#refuse(`error code ${quote(code)} must be upper case words joined by _, such as NO_STOCK`);
      }
      if (isErrorCode(code)) this.#refuse(`error code ${code} is one of the toolkit's own, choose another`);
      this.#checkError(`errors.${code}`, declared);
    }
  }

  #checkError(slot: string, declared: unknown): void {
    if (!isObject(declared)) this.#refuse(`${slot} must be an object, it is ${shown(declared)}`);
    for (const [name, held] of Object.entries(declared)) {
      if (held === undefined) continue;
      if (!errorSlots.includes(name)) {
        this.#refuse(`unknown slot ${quote(name)} of ${slot}; an error can have ${errorSlots.join(", ")}`);
      }
      if (name === "data") this.#checkSchema(`${slot}.data`, held);
      if (name === "retryable" && !isBoolean(held)) this.#refuse(`${slot}.retryable must be true or false`);
      if (name === "description" && !isString(held)) this.#refuse(`${slot}.description must be a string`);
    }
  }

  #checkCursor(): void {
    const cursor = this.#slots.get("cursor");
    if (cursor === undefined) return;
    if (!isString(cursor))
      this.#refuse(`cursor must be the name of a property of receive, it is ${shown(cursor)}`);
    if (!hasProperty(this.#schemaOf("receive", this.#slots.get("receive")), cursor)) {
      this.#refuse(`cursor ${quote(cursor)} must be the name of a property that every item of receive has`);
    }
  }

  #checkSchema(slot: string, held: unknown): void {
    checkSchema(this.#schemaOf(slot, held), `${quote(this.#name)} ${slot}`);
  }

  #schemaOf(slot: string, held: unknown): JsonSchema {
    if (held === undefined || held === null) this.#refuse(`${slot} must be a schema, it is ${shown(held)}`);
    try {
      return jsonSchemaOf(held);
    } catch (cause) {
      return this.#refuse(`${slot}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  #refuse(what: string, cause?: unknown): never {
    throw new TypeError(
      `Procedure ${quote(this.#name)}: ${what}`,
      cause === undefined ? undefined : { cause },
    );
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}

/** Short, and without what objects hold. */
function shown(value: unknown): string {
  return isString(value) ? quote(value) : typeof value === "object" ? kindOf(value) : String(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function article(kind: ProcedureKind): string {
  return kind === "event" ? "an" : "a";
}
