/**
 * The procedures that every server offers about itself. Their names start with `$`, which no other name may.
 */
import type { ProtocolDefinition } from "./protocol-definition.ts";

const services = {
  type: "array",
  items: {
    type: "object",
    properties: {
      name: { type: "string" },
      version: { type: "string" },
      description: { type: "string" },
      tags: { type: "array", items: { type: "string" } },
      procedures: { type: "object", additionalProperties: { type: "object", additionalProperties: true } },
    },
    required: ["procedures"],
  },
} as const;

/** `$describe` gives the services that the peer may call, with their definitions as JSON. */
export const introspection: ProtocolDefinition = {
  $describe: {
    type: "request",
    result: {
      type: "object",
      properties: { server: { type: "string" }, services },
      required: ["server", "services"],
    },
  },
};

/** One service as `$describe` tells it; the procedures of a server without services have no `name`. */
export interface ServiceDescription {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Definitions by procedure, with JSON Schemas in their slots. */
  readonly procedures: { readonly [procedure: string]: { readonly [slot: string]: unknown } };
}

/** What `client.describe()` gives. */
export interface ServerDescription {
  /** The server's name. */
  readonly server: string;
  readonly services: readonly ServiceDescription[];
}
