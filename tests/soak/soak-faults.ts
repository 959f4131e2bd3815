/** Everything that the soak does to the ways between its clients and its servers, and to their processes: one fault at a time, drawn from a seed. */
import type { Dice, FaultConnection, WayFaults } from "@sluice/protocol/testing";
import type { HttpFaultProxy, PostFault, SocketFaultProxy } from "@sluice/protocol/testing/node";

/** A proxy before a server, by the scheme of what passes. */
export type SoakProxy =
  | { readonly scheme: "unix" | "tcp" | "tls" | "ws"; readonly proxy: SocketFaultProxy }
  | { readonly scheme: "http"; readonly proxy: HttpFaultProxy };

/** A process that may be suspended. */
export interface SuspendedProcess {
  readonly name: string;
  readonly pid: number;
}

/** How often each kind was made. */
export type FaultCounts = Record<string, number>;

const slow: Readonly<Record<string, WayFaults>> = {
  delay: { delayMs: 150, jitterMs: 100 },
  throttle: { bytesPerSecond: 4_000 },
  slice: { sliceBytes: 7 },
};
const postFaults: readonly PostFault[] = ["refuse", "fail", "cut", "double", "late"];
/** For how long no way of a kind can be opened, ms. */
const downMs = [300, 1_000, 3_000];
/** For how long a process is suspended, ms: the last is longer than a link may be silent. */
const suspendedMs = [300, 1_000, 3_000, 8_000];
/** One fault in so many. */
const oneIs = { down: 20, suspend: 60 };

/** Makes faults, and ends those that last. */
export class SoakFaults {
  readonly counts: FaultCounts = {};
  readonly #dice: Dice;
  readonly #proxies: readonly SoakProxy[];
  readonly #processes: () => readonly SuspendedProcess[];
  /** What ends the faults that last: by itself, or when all are healed. */
  readonly #lasting = new Map<string, () => void>();

  constructor(dice: Dice, proxies: readonly SoakProxy[], processes: () => readonly SuspendedProcess[]) {
    this.#dice = dice;
    this.#proxies = proxies;
    this.#processes = processes;
  }

  /** Makes one, if there is something to make it on. */
  make(): void {
    const kind = this.#make();
    if (kind !== undefined) this.count(kind);
  }

  /** Counts one that was made by others, too. */
  count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  /** Ends those that last. */
  heal(): void {
    for (const end of [...this.#lasting.values()]) end();
  }

  #make(): string | undefined {
    const dice = this.#dice;
    if (dice.oneIn(oneIs.suspend)) return this.#suspend(dice.pick(this.#processes()), dice.pick(suspendedMs));
    const chosen = dice.pick(this.#proxies);
    if (dice.oneIn(oneIs.down)) return this.#takeDown(chosen, dice.pick(downMs));
    return chosen.scheme === "http"
      ? faultHttp(dice, chosen.proxy)
      : faultSocket(dice, chosen.proxy, chosen.scheme === "tls");
  }

  #takeDown({ scheme, proxy }: SoakProxy, ms: number): string | undefined {
    const isNew = this.#last(`${scheme} ${this.#proxies.findIndex((one) => one.proxy === proxy)}`, ms, () =>
      proxy.heal(),
    );
    if (!isNew) return undefined;
    proxy.down();
    return "down";
  }

  #suspend({ name, pid }: SuspendedProcess, ms: number): string | undefined {
    if (!this.#last(`process ${pid}`, ms, () => signal(pid, "SIGCONT"))) return undefined;
    signal(pid, "SIGSTOP");
    return `SIGSTOP of ${name}`;
  }

  /** Has `end` called after a time, unless what `key` names lasts already. */
  #last(key: string, ms: number, end: () => void): boolean {
    if (this.#lasting.has(key)) return false;
    const finish = (): void => {
      clearTimeout(timer);
      this.#lasting.delete(key);
      end();
    };
    const timer = setTimeout(finish, ms);
    this.#lasting.set(key, finish);
    return true;
  }
}

/** A process may have ended meanwhile: that is for others to notice. */
function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
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
