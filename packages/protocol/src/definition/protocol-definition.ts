/**
 * What a protocol is made of: one definition per procedure, as a const object.
 *
 * The interfaces also catch misspelt slots and keywords: `{…} as const satisfies ProtocolDefinition`.
 */
import type { StandardJSONSchemaV1 } from "@standard-schema/spec";
import { checkDefinition } from "./check-definition.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What a slot accepts: a JSON Schema, or a Standard Schema that can say its JSON Schema (zod 4, valibot, arktype…). */
export type SlotSchema = JsonSchema | StandardJSONSchemaV1<unknown, unknown>;

/** What every procedure may say about itself, for documentation, the command line, OpenAPI, AsyncAPI, MCP and the inspector. */
export interface DescribedDefinition {
  readonly description?: string;
  readonly deprecated?: boolean;
  /** Values that `param` (of an event: `data`) may have. */
  readonly examples?: readonly unknown[];
  readonly tags?: readonly string[];
}

/** An error that a procedure declares. Its code is the key in `errors`. */
export interface ErrorDefinition {
  readonly description?: string;
  /** What `fail(code, data)` takes and `error.data` holds. */
  readonly data?: SlotSchema;
  /** Whether the same call may succeed later. Default `false`. */
  readonly retryable?: boolean;
}

/** What a procedure may fail with on purpose: `{ NO_STOCK: { data: … } }`. Codes are upper case words joined by `_`. */
export interface ErrorDefinitions {
  readonly [code: string]: ErrorDefinition;
}

/** One param, one result. */
export interface RequestDefinition extends DescribedDefinition {
  readonly type: "request";
  readonly param?: SlotSchema;
  readonly result?: SlotSchema;
  readonly errors?: ErrorDefinitions;
  /** Repeating the call changes nothing: it may be retried, and is served as HTTP GET. Default `false`. */
  readonly idempotent?: boolean;
}

/** One param; items that the client receives; one result. */
export interface StreamDefinition extends DescribedDefinition {
  readonly type: "stream";
  readonly param?: SlotSchema;
  readonly receive: SlotSchema;
  readonly result?: SlotSchema;
  readonly errors?: ErrorDefinitions;
  /** The property of `receive` that says where an item stands; a lost stream is reopened after the last one. */
  readonly cursor?: string;
}

/** One param; items in both directions; one result. Without `receive` it is an upload. */
export interface ChannelDefinition extends DescribedDefinition {
  readonly type: "channel";
  readonly param?: SlotSchema;
  readonly send?: SlotSchema;
  readonly receive?: SlotSchema;
  readonly result?: SlotSchema;
  readonly errors?: ErrorDefinitions;
}

/** Data that nobody answers. */
export interface EventDefinition extends DescribedDefinition {
  readonly type: "event";
  readonly data?: SlotSchema;
}

export type ProcedureDefinition = RequestDefinition | StreamDefinition | ChannelDefinition | EventDefinition;

/** Procedures by name. A name has 1 to 255 bytes of UTF-8; `/` groups names. */
export interface ProtocolDefinition {
  readonly [procedure: string]: ProcedureDefinition;
}

/**
 * `protocol` itself, with its exact type: the same as `{…} as const satisfies ProtocolDefinition`, and checked at once.
 *
 * @throws {TypeError} as {@link checkDefinition}
 */
export function defineProtocol<const Protocol extends ProtocolDefinition>(protocol: Protocol): Protocol {
  checkDefinition(protocol);
  return protocol;
}

/**
 * Checks an object that is `as const` only, which is what `isolatedDeclarations` lets one export:
 * `export const shop = {…} as const; checkProtocol(shop);`
 *
 * @throws {TypeError} as {@link checkDefinition}
 */
export function checkProtocol(protocol: ProtocolDefinition): void {
  checkDefinition(protocol);
}
