/** Everything that the soak does to the ways between its clients and its servers: one fault at a time, drawn from a seed. */
import type { Dice, FaultConnection, WayFaults } from "@sluice/protocol/testing";
import type { HttpFaultProxy, PostFault, SocketFaultProxy } from "@sluice/protocol/testing/node";

/** A proxy before a server, by the scheme of what passes. */
export type SoakProxy =
  | { readonly scheme: "unix" | "tcp" | "tls" | "ws"; readonly proxy: SocketFaultProxy }
  | { readonly scheme: "http"; readonly proxy: HttpFaultProxy };

/** How often each kind was made. */
export type FaultCounts = Record<string, number>;

const slow: Readonly<Record<string, WayFaults>> = {
  delay: { delayMs: 150, jitterMs: 100 },
  throttle: { bytesPerSecond: 4_000 },
  slice: { sliceBytes: 7 },
};
const postFaults: readonly PostFault[] = ["refuse", "fail", "cut", "double", "late"];

/** Makes one fault, if there is something to make it on. Gives its kind. */
export function makeFault(dice: Dice, proxies: readonly SoakProxy[]): string | undefined {
  const chosen = dice.pick(proxies);
  return chosen.scheme === "http"
    ? faultHttp(dice, chosen.proxy)
    : faultSocket(dice, chosen.proxy, chosen.scheme === "tls");
}

function faultSocket(dice: Dice, proxy: SocketFaultProxy, isEncrypted: boolean): string | undefined {
  const connections = [...proxy.connections].filter(({ isOpen }) => isOpen);
  if (connections.length === 0) return undefined;
  const connection = dice.pick(connections);
  const kinds = ["cut", "reset", "blackhole", ...Object.keys(slow)];
  // Without encryption a byte that is changed is another message, which no peer can know; TCP itself guards against that.
  const kind = dice.pick(isEncrypted ? [...kinds, "corrupt"] : kinds);
  if (kind === "cut") connection.cut();
  else if (kind === "reset") connection.reset();
  else if (kind === "blackhole")
    connection.blackhole(dice.pick(["toServer", "toClient", "both"] as const), "swallow");
  else connection.set({ both: kind === "corrupt" ? corrupted(dice, connection) : (slow[kind] ?? {}) });
  return kind;
}

/** One of the next bytes; each way counts its own. */
function corrupted(dice: Dice, { bytes }: FaultConnection): WayFaults {
  return { corruptAt: Math.max(bytes.toServer, bytes.toClient) + dice.below(200) };
}

function faultHttp(dice: Dice, proxy: HttpFaultProxy): string {
  if (dice.oneIn(5)) {
    proxy.cutStreams();
    return "http: cut streams";
  }
  if (dice.oneIn(5)) {
    proxy.set({ buffer: { bytes: 2_000, ms: 300 } });
    return "http: buffer";
  }
  const fault = dice.pick(postFaults);
  let left = 3;
  proxy.set({ post: () => (left-- > 0 ? fault : undefined) });
  return `http: ${fault}`;
}
