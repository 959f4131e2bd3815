/**
 * A protocol made ready for one encoding: every slot validates and encodes. Compiled when first used, found in a Map.
 */
import type { Encoding, SlotOptions } from "../codec/slot.ts";
import { Slot } from "../codec/slot.ts";
import type { JsonSchema } from "../definition/json-schema.ts";
import type { ProcedureKind, SchemaSlot } from "../definition/kinds.ts";
import type {
  ErrorDefinition,
  ProcedureDefinition,
  ProtocolDefinition,
  SlotSchema,
} from "../definition/protocol-definition.ts";
import { jsonSchemaOf } from "../schema/standard-schema.ts";
import type { Validate, Validator } from "../schema/validator.ts";
import { Cursor } from "./cursor.ts";

/** Which messages a side checks: all, those from its peer, none. */
export type ValidateMode = "all" | "incoming" | "none";

export interface CompileProtocolOptions {
  readonly encoding: Encoding;
  /** Whose slots these are: the callee's param comes in, the caller's goes out. */
  readonly side: "caller" | "callee";
  /** `undefined`: nothing is checked. */
  readonly validator: Validator | undefined;
  readonly validate: ValidateMode;
  readonly limits: SlotOptions["limits"];
}

/** One procedure, compiled. */
export class CompiledProcedure {
  readonly name: string;
  /** `undefined` where nothing is known of the procedure. */
  readonly kind: ProcedureKind | undefined;
  readonly definition: ProcedureDefinition | undefined;
  readonly #options: CompileProtocolOptions;
  #param: Slot | undefined;
  #result: Slot | undefined;
  #receive: Slot | undefined;
  #send: Slot | undefined;
  #errors: ReadonlyMap<string, Slot> | undefined;
  #cursor: Cursor | undefined;

  constructor(name: string, definition: ProcedureDefinition | undefined, options: CompileProtocolOptions) {
    this.name = name;
    this.kind = definition?.type;
    this.definition = definition;
    this.#options = options;
  }

  /** What opens a call; of an event, its data. */
  get param(): Slot {
    this.#param ??= this.#compile(this.kind === "event" ? "data" : "param", "toCallee");
    return this.#param;
  }

  get result(): Slot {
    this.#result ??= this.#compile("result", "toCaller");
    return this.#result;
  }

  /** Items that the caller receives; `undefined` if there are none. */
  get receive(): Slot | undefined {
    if (!this.#has("receive")) return undefined;
    this.#receive ??= this.#compile("receive", "toCaller");
    return this.#receive;
  }

  /** Items that the caller sends; `undefined` if there are none. */
  get send(): Slot | undefined {
    if (!this.#has("send")) return undefined;
    this.#send ??= this.#compile("send", "toCallee");
    return this.#send;
  }

  /** The data of declared errors, by code. */
  get errors(): ReadonlyMap<string, Slot> {
    this.#errors ??= this.#compileErrors();
    return this.#errors;
  }

  /** Where its items stand; `undefined` if they do not say. */
  get cursor(): Cursor | undefined {
    const { definition } = this;
    if (definition?.type !== "stream" || definition.cursor === undefined) return undefined;
    if (this.#cursor === undefined) {
      const { validate, validator, limits } = this.#options;
      const compile =
        validate === "none" ? undefined : validator && ((schema: JsonSchema) => validator.compile(schema));
      const receive = jsonSchemaOf(definition.receive);
      this.#cursor = new Cursor(this.name, definition.cursor, receive, compile, limits);
    }
    return this.#cursor;
  }

  #has(slot: "receive" | "send"): boolean {
    return this.definition === undefined || slotSchema(this.definition, slot) !== undefined;
  }

  #compile(slot: SchemaSlot, direction: "toCallee" | "toCaller"): Slot {
    const schema = this.definition === undefined ? true : slotSchema(this.definition, slot);
    return this.#slot(`${slot} of ${this.name}`, schema, direction);
  }

  #compileErrors(): ReadonlyMap<string, Slot> {
    const { definition } = this;
    const errors = new Map<string, Slot>();
    if (definition === undefined || definition.type === "event") return errors;
    for (const [code, { data }] of Object.entries<ErrorDefinition>(definition.errors ?? {})) {
      const schema = data === undefined ? undefined : jsonSchemaOf(data);
      errors.set(code, this.#slot(`data of ${code} of ${this.name}`, schema, "toCaller"));
    }
    return errors;
  }

  #slot(name: string, schema: JsonSchema | undefined, direction: "toCallee" | "toCaller"): Slot {
    const { encoding, limits } = this.#options;
    return new Slot({ name, schema, validate: this.#validate(schema, direction), encoding, limits });
  }

  #validate(schema: JsonSchema | undefined, direction: "toCallee" | "toCaller"): Validate | undefined {
    const { side, validate, validator } = this.#options;
    const isIncoming = (side === "callee") === (direction === "toCallee");
    if (schema === undefined || this.definition === undefined) return undefined;
    if (validator === undefined || validate === "none") return undefined;
    if (validate === "incoming" && !isIncoming) return undefined;
    // A reader may be older than its server, which may have added members.
    return validator.compile(schema, { tolerant: side === "caller" && isIncoming });
  }
}

function slotSchema(definition: ProcedureDefinition, slot: SchemaSlot): JsonSchema | undefined {
  const { [slot]: schema } = definition as { readonly [Name in SchemaSlot]?: SlotSchema };
  return schema === undefined ? undefined : jsonSchemaOf(schema);
}

/** The procedures of a protocol by name. Without a protocol every name is known, and nothing of it. */
export class CompiledProtocol {
  readonly #procedures = new Map<string, CompiledProcedure>();
  readonly #options: CompileProtocolOptions;
  readonly #isOpen: boolean;

  constructor(protocol: ProtocolDefinition | undefined, options: CompileProtocolOptions) {
    this.#options = options;
    this.#isOpen = protocol === undefined;
    for (const [name, definition] of Object.entries(protocol ?? {})) {
      this.#procedures.set(name, new CompiledProcedure(name, definition, options));
    }
  }

  find(name: string): CompiledProcedure | undefined {
    const known = this.#procedures.get(name);
    if (known !== undefined || !this.#isOpen) return known;
    const procedure = new CompiledProcedure(name, undefined, this.#options);
    // Bounded: a client's own program names them.
    this.#procedures.set(name, procedure);
    return procedure;
  }
}
