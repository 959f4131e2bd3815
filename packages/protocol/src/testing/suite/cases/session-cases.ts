/**
 * SE: sessions that go on over another link. Spec: docs/wire.md §2, §4.7, §4.8, §7.
 */
import { FakeClock } from "../../fake-clock.ts";
import { aborted, check, fails, gate, same, until, within } from "../expect.ts";
import type { LinkPair, Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteHandler, SuitePeer } from "../suite-peer.ts";

const graceMs = 30_000;

/** Both ends of a session whose link can be broken and mended. */
class Resuming {
  readonly client: SuitePeer;
  readonly server: SuitePeer;
  readonly #rig: Rig;
  #links: LinkPair;
  #attempts = 0;

  private constructor(rig: Rig, client: SuitePeer, server: SuitePeer, links: LinkPair) {
    this.#rig = rig;
    this.client = client;
    this.server = server;
    this.#links = links;
  }

  static async make(rig: Rig, handlers: Readonly<Record<string, SuiteHandler>>): Promise<Resuming> {
    const { client, server, links } = await rig.peers({ client: { graceMs }, server: { graceMs, handlers } });
    return new Resuming(rig, client, server, links);
  }

  /** Breaks the link, at both ends or one, and waits until both have seen it. */
  async cut(): Promise<void> {
    this.#links.near.destroy();
    this.#links.far.destroy();
    const [near, far] = [this.client.session, this.server.session];
    await until(() => near.isDetached && far.isDetached, "both ends have lost the link");
  }

  async mend(): Promise<void> {
    this.#links = await this.#rig.mend(this.client, this.server, ++this.#attempts, graceMs);
  }
}

async function keepsRequests(rig: Rig): Promise<void> {
  const going = gate();
  const resuming = await Resuming.make(rig, {
    async ask({ param }) {
      await going.promise;
      return param;
    },
  });
  const { client, server } = resuming;
  const calls = Array.from({ length: 20 }, (_, n) => client.caller.request("ask", { param: n }));
  await until(() => server.started.length === 20, "all handlers run");
  await resuming.cut();
  going.open();
  await resuming.mend();
  same(
    await within(Promise.all(calls), "the results"),
    calls.map((_, n) => n),
    "results",
  );
  same(server.started.length, 20, "handlers that were started");
}

async function keepsStreams(rig: Rig): Promise<void> {
  const resuming = await Resuming.make(rig, {
    async *watch({ param }) {
      for (let item = 0; item < (param as number); item++) yield item;
      return { total: param };
    },
  });
  const stream = resuming.client.caller.items("watch", "stream", { param: 1_500 });
  let next = 0;
  for await (const item of stream.readable) {
    same(item, next, "the next item");
    next++;
    if (next % 500 === 100) {
      await resuming.cut();
      await resuming.mend();
    }
  }
  same([next, await stream], [1_500, { total: 1_500 }], "items, and the result");
}

async function keepsChannels(rig: Rig): Promise<void> {
  const resuming = await Resuming.make(rig, {
    async *talk({ readable }) {
      let heard = 0;
      for await (const item of readable) {
        heard++;
        yield item;
      }
      return { heard };
    },
  });
  const channel = resuming.client.caller.items("talk", "channel", { param: undefined });
  const writing = (async () => {
    const writer = channel.writable.getWriter();
    for (let item = 0; item < 1_000; item++) await writer.write(item);
    await writer.close();
  })();
  let next = 0;
  for await (const item of channel.readable) {
    same(item, next, "the next item");
    next++;
    if (next % 300 === 50) {
      await resuming.cut();
      await resuming.mend();
    }
  }
  await writing;
  same([next, await channel], [1_000, { heard: 1_000 }], "items, and the result");
}

async function keepsLargeMessages(rig: Rig): Promise<void> {
  const resuming = await Resuming.make(rig, { askBytes: ({ param }) => param });
  const { client } = resuming;
  const large = rig.bytes(1_000_000);
  for (let at = 0; at < large.length; at++) large[at] = at % 251;
  // In memory the answer may be what was sent.
  const wanted = large.slice();
  for (let round = 0; round < 3; round++) {
    const call = client.caller.request("askBytes", { param: large }) as Promise<Uint8Array>;
    call.catch(() => {});
    await resuming.cut();
    await resuming.mend();
    same(await within(call, "the answer"), wanted, "the bytes that were sent");
  }
}

async function newestLinkWins(rig: Rig): Promise<void> {
  const going = gate();
  const resuming = await Resuming.make(rig, {
    async ask({ param }) {
      await going.promise;
      return param;
    },
  });
  const { client, server } = resuming;
  const call = client.caller.request("ask", { param: "kept" });
  await until(() => server.started.length === 1, "the handler runs");
  // Nobody has seen the former link end.
  await resuming.mend();
  going.open();
  same(await within(call, "the result"), "kept", "the result");
  same(server.started.length, 1, "handlers that were started");
}

async function endsWithTheGrace(rig: Rig): Promise<void> {
  const clock = new FakeClock();
  let reason: unknown;
  const options = { graceMs, clock };
  const { client, server, links } = await rig.peers({
    client: options,
    server: {
      ...options,
      handlers: {
        async ask({ signal }) {
          await aborted(signal);
          ({ reason } = signal);
        },
      },
    },
  });
  const call = client.caller.request("ask", { param: 1 });
  call.catch(() => {});
  await until(() => server.started.length === 1, "the handler runs");
  links.near.destroy();
  links.far.destroy();
  await until(() => client.session.isDetached && server.session.isDetached, "both ends have lost the link");
  await clock.advance(graceMs - 1);
  same([client.session.state.name, reason], ["detached", undefined], "before the grace has passed");
  await clock.advance(1);
  await fails(call, { code: "UNAVAILABLE", processed: "maybe" });
  await until(() => reason !== undefined, "the handler is told");
  same(reason, "disconnected", "why the handler was told to end");
}

async function writersWait(rig: Rig): Promise<void> {
  const resuming = await Resuming.make(rig, {
    async upload({ readable }) {
      let bytes = 0;
      for await (const item of readable) bytes += (item as Uint8Array).length;
      return bytes;
    },
  });
  const { client, server } = resuming;
  const upload = client.caller.items("upload", "channel", { param: undefined });
  await until(() => server.started.length === 1, "the handler runs");
  await resuming.cut();
  const writer = upload.writable.getWriter();
  const item = rig.bytes(1_000);
  let written = 0;
  const writing = (async () => {
    for (; written < 200; written++) await writer.write(item);
    await writer.close();
  })();
  await until(() => upload.stats.credit <= 0 || written > 60, "the writer waits, or has filled a window");
  check(written < 200, "a writer waits while there is no link");
  await resuming.mend();
  await within(writing, "the writer goes on");
  same(await within(upload, "the result"), 200 * item.length, "bytes that the handler got");
}

export const sessionCases: readonly SuiteCase[] = [
  { id: "SE-2", title: "requests that run go on over the next link, and run once", run: keepsRequests },
  { id: "SE-2", title: "streams go on over the next link, nothing lost or doubled", run: keepsStreams },
  { id: "SE-2", title: "channels go on over the next link in both directions", run: keepsChannels },
  { id: "SE-2", title: "messages larger than a window go on over the next link", run: keepsLargeMessages },
  {
    id: "SE-3",
    title: "a session goes on over a link that comes before the former is seen to end",
    run: newestLinkWins,
  },
  { id: "SE-4", title: "a session ends when its grace has passed, and not before", run: endsWithTheGrace },
  { id: "SE-9", title: "a writer waits at its window while there is no link", run: writersWait },
];
