/**
 * A protocol as each session of a client encodes it: compiled when a session first asks, forgotten with it.
 */
import type { ProtocolDefinition } from "@sluice/protocol";
import { CompiledProtocol, type CompileProtocolOptions, type Session } from "@sluice/protocol/wire";

export class ClientProcedures {
  readonly #protocol: ProtocolDefinition | undefined;
  readonly #options: Omit<CompileProtocolOptions, "encoding" | "side">;
  /** By codec: a client that reconnects usually finds the same. */
  readonly #compiled = new Map<string, CompiledProtocol>();

  /** @param protocol `undefined`: every procedure is known, and nothing of it */
  constructor(
    protocol: ProtocolDefinition | undefined,
    options: Omit<CompileProtocolOptions, "encoding" | "side">,
  ) {
    this.#protocol = protocol;
    this.#options = options;
  }

  /** The procedures for `session`. */
  of({ encoding }: Session): CompiledProtocol {
    const key = encoding.kind === "bytes" ? encoding.codec.name : "";
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      compiled = new CompiledProtocol(this.#protocol, { ...this.#options, encoding, side: "caller" });
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }

  /** The same for another protocol. */
  with(protocol: ProtocolDefinition): ClientProcedures {
    return new ClientProcedures(protocol, this.#options);
  }
}
