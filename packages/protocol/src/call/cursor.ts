/**
 * Where an item of a stream stands: read from the item, and carried as JSON in the metadata of the call that goes on after it.
 *
 * Spec: docs/wire.md §3.2.
 */
import type { ValueLimits } from "../codec/codec.ts";
import { jsonCodec } from "../codec/json-codec.ts";
import type { JsonSchema } from "../definition/json-schema.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { standardUtf8 } from "../frame/utf8.ts";
import type { Validate } from "../schema/validator.ts";
import { cursorSchema } from "./cursor-schema.ts";

const textEncoder = new TextEncoder();

/** What a cursor travels by. */
interface CursorSlot {
  readonly codec: ReturnType<typeof jsonCodec.compile>;
  readonly validate: Validate | undefined;
}

export class Cursor {
  /** The property of an item that says it. */
  readonly property: string;
  readonly #procedure: string;
  readonly #receive: JsonSchema;
  readonly #compile: ((schema: JsonSchema) => Validate) | undefined;
  readonly #limits: ValueLimits;
  #slot: CursorSlot | undefined;

  /**
   * @param receive what items are, of which each has that property
   * @param compile makes what checks a cursor that arrives; `undefined`: none is checked
   */
  constructor(
    procedure: string,
    property: string,
    receive: JsonSchema,
    compile: ((schema: JsonSchema) => Validate) | undefined,
    limits: ValueLimits,
  ) {
    this.#procedure = procedure;
    this.property = property;
    this.#receive = receive;
    this.#compile = compile;
    this.#limits = limits;
  }

  /** Where `item` stands; `undefined` if it does not say. */
  of(item: unknown): unknown {
    if (typeof item !== "object" || item === null) return undefined;
    return (item as { readonly [property: string]: unknown })[this.property];
  }

  /**
   * `cursor` as text.
   * @throws {SluiceError} `INVALID_ARGUMENT` for one that JSON cannot say; `processed: "no"`
   */
  write(cursor: unknown): string {
    try {
      return this.#getSlot().codec.encode(cursor) as string;
    } catch (cause) {
      throw this.#invalid(cause instanceof Error ? cause.message : "it has no encoding", cause);
    }
  }

  /**
   * The cursor that `text` says.
   * @throws {SluiceError} `INVALID_ARGUMENT` for one that is none; `processed: "no"`
   */
  read(text: string): unknown {
    const { codec, validate } = this.#getSlot();
    const bytes = textEncoder.encode(text);
    let cursor: unknown;
    try {
      cursor = codec.decode(bytes, 0, bytes.length, standardUtf8);
    } catch (cause) {
      throw this.#invalid("it is not JSON, or not of its schema", cause);
    }
    const issue = validate?.(cursor);
    if (issue === undefined) return cursor;
    const { path, keyword, expected } = issue;
    throw this.#invalid(`${path === "" ? "" : `at ${path} `}${expected} (${keyword})`);
  }

  /** Made when the first cursor travels. */
  #getSlot(): CursorSlot {
    if (this.#slot === undefined) {
      const schema = cursorSchema(this.#receive, this.property);
      this.#slot = { codec: jsonCodec.compile(schema, this.#limits), validate: this.#compile?.(schema) };
    }
    return this.#slot;
  }

  #invalid(why: string, cause?: unknown): SluiceError {
    const message = `Invalid cursor of ${this.#procedure}: ${why}`;
    return new SluiceError("INVALID_ARGUMENT", message, { cause, processed: "no" });
  }
}
