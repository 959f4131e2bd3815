/** Clients of one wire for one case, whose links can be cut. */
import { Client, type ClientOptions } from "@sluice/client";
import { type Link, silentLogger, type Transport } from "@sluice/protocol/wire";
import { protocol, type SuiteProtocol } from "./protocol.ts";
import type { Wire } from "./wires.ts";

export class World {
  readonly #wire: Wire;
  readonly #clients: Client<SuiteProtocol>[] = [];
  readonly #links: Link[] = [];
  readonly client: Client<SuiteProtocol>;
  /** Names the scene of this case at a server that others may use as well. */
  readonly key: string = crypto.randomUUID();

  constructor(wire: Wire) {
    this.#wire = wire;
    this.client = this.connect();
  }

  connect(options: Partial<ClientOptions<SuiteProtocol>> = {}): Client<SuiteProtocol> {
    const client = new Client({
      protocol,
      transport: this.#around(this.#wire.transport()),
      reconnect: { initial: 1, max: 20 },
      graceMs: 2_000, // a case that fails leaves calls behind
      logger: silentLogger,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** How many links were made. */
  get links(): number {
    return this.#links.length;
  }

  /** Breaks the newest link. */
  cut(): void {
    this.#links.at(-1)?.destroy();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.dispose()));
    await this.#wire.close();
  }

  /** `transport`, with links that are remembered. */
  #around(transport: Transport): Transport {
    return {
      name: transport.name,
      connect: async (options) => {
        const link = await transport.connect(options);
        this.#links.push(link);
        return link;
      },
      dispose: () => transport.dispose(),
    };
  }
}
