/** Since which step of a model a client has had the links that it has. */
import type { ModelNetwork } from "./model-network.ts";

export class LinkSpans {
  readonly #network: ModelNetwork;
  readonly #clock: { now(): number };
  /** When it was not calm last, ms. */
  #troubledMs = 0;
  /** Links over which it has been connected with nothing broken; and the same, also while the server drains. */
  #calm = { path: "", since: 0 };
  #whole = { path: "", since: 0 };

  constructor(network: ModelNetwork, clock: { now(): number }) {
    this.#network = network;
    this.#clock = clock;
  }

  /** Looks at the network after a step. */
  look(step: number, status: string): void {
    const { path } = this.#network;
    if (!this.#isStill(this.#calm.path) || status !== "connected") {
      this.#calm = { path, since: step };
      this.#troubledMs = this.#clock.now();
    }
    if (!this.#isStill(this.#whole.path)) this.#whole = { path, since: step };
  }

  /** Whether, as of the last look, it was connected since `step`, and nothing was broken. */
  isCalmSince(step: number): boolean {
    return this.#calm.since <= step;
  }

  /** For how long it has been connected with nothing broken, up to now, ms. */
  get calmMs(): number {
    return this.#isStill(this.#calm.path) ? this.#clock.now() - this.#troubledMs : 0;
  }

  /** Whether it has had the same link since `step`, up to now. */
  isWholeSince(step: number): boolean {
    return this.#whole.since <= step && this.#isStill(this.#whole.path);
  }

  #isStill(path: string): boolean {
    const { hasLink, isBroken } = this.#network;
    return hasLink && !isBroken && path === this.#network.path;
  }
}
