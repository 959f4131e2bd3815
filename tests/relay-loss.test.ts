/** Relays that die while calls pass them: the calls go on over another way, nothing is lost or doubled, no handler runs twice. */
import type { Client } from "@sluice/client";
import { describe, expect, test } from "vitest";
import type { TestProtocol } from "./protocol.ts";
import { inRelayWorld, type ListeningRelay, type RelayWorldOptions } from "./relay-world.ts";
import { until } from "./world.ts";

/** What a load has done so far, and what it was given. */
class Load {
  /** Messages that came back to the client, of all its channels. */
  arrived = 0;
  /** How often the handler of each request ran. */
  readonly runs = new Map<number, number>();
  readonly #channels = 8;
  readonly #perChannel: number;
  #isOver = false;

  constructor(perChannel: number) {
    this.#perChannel = perChannel;
  }

  get total(): number {
    return this.#channels * this.#perChannel;
  }

  /** A server that counts requests, and echoes what comes over channels. */
  get world(): RelayWorldOptions {
    return {
      handlers: {
        "plain/any": ({ param }) => {
          const number = param as number;
          this.runs.set(number, (this.runs.get(number) ?? 0) + 1);
          return number;
        },
      },
    };
  }

  /** Runs channels and requests at once; rejects if anything is not as it was written. */
  async run(client: Client<TestProtocol>): Promise<void> {
    const requests = this.#request(client);
    const channels = Array.from({ length: this.#channels }, (_, at) => this.#channel(client, at));
    await Promise.all(channels);
    this.#isOver = true;
    await requests;
  }

  async #request(client: Client<TestProtocol>): Promise<void> {
    for (let number = 0; !this.#isOver; number += 4) {
      const four = [0, 1, 2, 3].map((more) => number + more);
      const answers = await Promise.all(four.map((param) => client.request("plain/any", { param })));
      expect(answers).toEqual(four);
    }
  }

  async #channel(client: Client<TestProtocol>, at: number): Promise<void> {
    const channel = client.channel("chat/join", { param: { room: String(at) } });
    const padding = "x".repeat(17 * at);
    const texts = Array.from({ length: this.#perChannel }, (_, n) => `${n} ${padding}`);
    const reading = (async () => {
      const got: string[] = [];
      for await (const { from, text } of channel.readable) {
        expect(from).toBe(String(at));
        got.push(text);
        this.arrived++;
      }
      expect(got).toEqual(texts);
    })();
    const writer = channel.writable.getWriter();
    for (const text of texts) await writer.write({ text });
    await writer.close();
    await reading;
    expect(await channel).toEqual({ heard: this.#perChannel });
  }

  /** What no request may have: a handler that ran twice, or not at all. */
  get wrongRuns(): number[] {
    const numbers = Array.from({ length: Math.max(...this.runs.keys()) + 1 }, (_, n) => n);
    return numbers.filter((number) => this.runs.get(number) !== 1);
  }
}

describe("a relay that is killed under load", () => {
  test("X49 RL-4 loses and doubles nothing where there is a second way", async () => {
    const load = new Load(2_000);
    await inRelayWorld(load.world, async ({ server, relayProcess, connect }) => {
      const [one] = [await relayProcess("one"), await relayProcess("other")];
      const client = connect(["one", "other"]);
      const told: string[] = [];
      for (const name of ["connected", "resumed", "disconnected"] as const) {
        server.on(name, () => void told.push(name));
      }
      const running = load.run(client);
      await until(() => load.arrived > load.total / 4);
      expect(await one.ask("how many")).toMatchObject({ connections: 1 });
      const before = load.arrived;
      await one.kill();
      await running;
      expect([load.arrived, load.wrongRuns]).toEqual([load.total, []]);
      expect(before).toBeLessThan(load.total);
      expect(told).toEqual(["connected", "resumed"]);
    });
  });

  test("X49 loses and doubles nothing where it hangs instead, and its sockets stay open", async () => {
    const load = new Load(1_000);
    const times = { heartbeat: 100, deadAfter: 250, handshakeTimeout: 250 };
    await inRelayWorld({ ...load.world, server: times }, async ({ relayProcess, connect }) => {
      const [one] = [await relayProcess("one"), await relayProcess("other")];
      const running = load.run(connect(["one", "other"], times));
      await until(() => load.arrived > load.total / 4);
      process.kill(one.pid as number, "SIGSTOP");
      await running;
      expect([load.arrived, load.wrongRuns]).toEqual([load.total, []]);
    });
  });

  test("X50 loses and doubles nothing where it is started again, and is the only way", async () => {
    const load = new Load(1_000);
    await inRelayWorld(load.world, async ({ relayProcess, connect }) => {
      let relay = await relayProcess("only");
      const running = load.run(connect(["only"]));
      for (const share of [0.2, 0.5, 0.8]) {
        await until(() => load.arrived > share * load.total);
        await relay.kill();
        relay = await relayProcess("only");
      }
      await running;
      expect([load.arrived, load.wrongRuns]).toEqual([load.total, []]);
    });
  });

  test("X49 in the middle of three is as any other", async () => {
    const load = new Load(1_000);
    await inRelayWorld(load.world, async ({ relay, relayProcess, connect }) => {
      // Two ways that share their last relay.
      await relay("last");
      const middle = await relayProcess("middle", "last");
      await relay("one", "middle");
      await relay("other", "last");
      const running = load.run(connect(["one", "other"]));
      await until(() => load.arrived > load.total / 3);
      await middle.kill();
      await running;
      expect([load.arrived, load.wrongRuns]).toEqual([load.total, []]);
    });
  });
});

describe("ways that change under load", () => {
  test("X51 lose and double nothing, however often", async () => {
    const load = new Load(3_000);
    await inRelayWorld(load.world, async ({ server, relay, connect }) => {
      let resumes = 0;
      server.on("resumed", () => void resumes++);
      const ways = ["one", "other"] as const;
      let now = await relay(ways[0]);
      const running = load.run(connect(ways));
      const flips = 20;
      for (let flip = 0; flip < flips; flip++) {
        await until(() => load.arrived > ((flip + 1) / (flips + 2)) * load.total);
        const next: ListeningRelay = await relay(ways[(flip + 1) % 2] as string);
        await now.close();
        await until(() => resumes === flip + 1, "the session goes on over the other way");
        now = next;
      }
      expect(load.arrived).toBeLessThan(load.total);
      await running;
      expect([load.arrived, load.wrongRuns]).toEqual([load.total, []]);
      await until(() => now.relay.openCalls === 0, "no call is left at a relay");
    });
  });
});
