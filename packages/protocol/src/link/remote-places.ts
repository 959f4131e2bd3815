/**
 * Places for what strangers may hold: so many in all, and so many of them for one address, so that nobody takes everybody's.
 *
 * Pure. Used by the transports that listen to the web.
 */
import { remoteNetwork } from "./remote-network.ts";

export interface RemotePlacesLimits {
  readonly max: number;
  /** Of one address, or one /64 of IPv6; see {@link remoteNetwork}. */
  readonly maxPerRemote: number;
}

export class RemotePlaces {
  readonly #limits: RemotePlacesLimits;
  readonly #byNetwork = new Map<string, number>();
  #taken = 0;

  constructor(limits: RemotePlacesLimits) {
    this.#limits = limits;
  }

  /** Places that are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** What has no place left: `"all"` of them are taken, or those of this `"remote"`. `undefined`: there is one. Who has no address has all. */
  full(remote: string | undefined): "all" | "remote" | undefined {
    const { max, maxPerRemote } = this.#limits;
    if (this.#taken >= max) return "all";
    if (remote === undefined) return undefined;
    return (this.#byNetwork.get(remoteNetwork(remote)) ?? 0) >= maxPerRemote ? "remote" : undefined;
  }

  /** Takes a place, whether {@link full} or not. Returns what gives it back; a second time does nothing. */
  take(remote: string | undefined): () => void {
    this.#taken++;
    const network = remote === undefined ? undefined : remoteNetwork(remote);
    if (network !== undefined) this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? 0) + 1);
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      this.#taken--;
      if (network === undefined) return;
      const left = (this.#byNetwork.get(network) ?? 1) - 1;
      if (left === 0) this.#byNetwork.delete(network);
      else this.#byNetwork.set(network, left);
    };
  }
}
