/**
 * The transport over HTTP for clients on Node: requests by Node's own modules, unless a `fetch` was given.
 *
 * Spec: docs/wire.md §5.
 */
import { ClientTransport, type ClientTransportOptions } from "./client-transport.ts";
import type { HttpAnswer, TransportPost } from "./http-answer.ts";
import { nodePoster } from "./node-post.ts";

/** Others have these modules for the sake of programs for Node, and `fetch` as what is their own. */
const { bun, deno } = process.versions;
const isNode = bun === undefined && deno === undefined;

export class NodeClientTransport<Protocol = never> extends ClientTransport<Protocol> {
  readonly #post: ((post: TransportPost) => Promise<HttpAnswer>) | undefined;

  /** @throws as {@link ClientTransport} */
  constructor(options: ClientTransportOptions) {
    super(options);
    if (isNode && options.fetch === undefined) this.#post = nodePoster(this.url);
  }

  protected override send(post: TransportPost): Promise<HttpAnswer> {
    return this.#post === undefined ? super.send(post) : this.#post(post);
  }
}
