/**
 * A server whose clients have all lost their links. Sends how much memory each session takes that waits for its client, in bytes, and
 * how many of the links are still in memory.
 *
 * Arguments: how many wait without calls; how many more with a stream whose window is full, and that window, bytes. Needs --expose-gc.
 */
import type { ProtocolDefinition } from "@sluice/protocol";
import { rawBytes } from "@sluice/protocol/testing";
import { type Link, systemClock } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { type CrowdMember, SessionCrowd } from "../session-crowd.ts";

const [, , idleCount = "", fullCount = "", window = ""] = process.argv;
const protocol = {
  pour: { type: "stream", param: { type: "integer" }, receive: { type: "string" } },
} as const satisfies ProtocolDefinition;

const crowd = new SessionCrowd(systemClock);
const links: WeakRef<Link>[] = [];
const server = new Server({
  protocol,
  public: true,
  transport: {
    ...crowd.transport,
    accept(onLink) {
      crowd.transport.accept?.((link) => {
        links.push(new WeakRef(link));
        onLink(link);
      });
    },
  },
  graceMs: 3_600_000,
  limits: { maxSessions: 1_000_000 },
  handlers: {
    async *pour({ param }) {
      for (let n = 0; ; n++) yield `${n}`.padEnd(param, "x");
    },
  },
});
let waiting = 0;
server.on("detached", () => void waiting++);
let gone = 0;
server.on("disconnected", () => void gone++);

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What is in use: the heap, and bytes beside it. */
async function usedBytes(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    await turn();
    (globalThis as { gc?: () => void }).gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Makes `count` sessions that lose their links, after what `use` does to each. */
async function lose(count: number, use: (member: CrowdMember) => Promise<void> | undefined): Promise<void> {
  const all = waiting + count;
  for (let n = 0; n < count; n++) {
    const member = await crowd.join();
    await use(member);
    member.peer.destroy();
  }
  while (waiting < all) await turn();
}

/** The same. Gives what each of them takes. */
async function measure(...[count, use]: Parameters<typeof lose>): Promise<number> {
  const before = await usedBytes();
  await lose(count, use);
  return ((await usedBytes()) - before) / count;
}

const nothing = (): undefined => {};
const pour = ({ peer }: CrowdMember): Promise<void> => {
  const limit = Number(window);
  peer.open("pour", { payload: rawBytes("1000"), window: limit, maxWindow: limit });
  return turn();
};
// What is made once, whoever comes.
await lose(50, nothing);
await lose(5, pour);
const full = await measure(Number(fullCount), pour);
const idle = await measure(Number(idleCount), nothing);
const linksLeft = links.filter((link) => link.deref() !== undefined).length;
process.send?.({ waiting, gone, idle, full, linksLeft });
process.once("message", async () => {
  await server.dispose();
  process.disconnect();
});
