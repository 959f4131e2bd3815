// The router of tRPC, for both of its transports: zod checks inputs, outputs and every item.
import { initTRPC } from "@trpc/server";
import { z } from "zod";
import { counters, producedLimit, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";
import { integer, person, record, tick as tickSchema } from "./schemas.mjs";

const hub = new Hub();
const t = initTRPC.create();
/** An item of a subscription is checked by the procedure itself, since `output` is of queries and mutations. */
const checked = (item) => tickSchema.parse(item);

const streams = {
  async *ticks({ input }) {
    for (let seq = 0; seq < input; seq++) yield checked(tick(seq));
  },
  async *pour() {
    for (let seq = 0; seq < producedLimit; seq++) {
      counters.produced++;
      yield checked(tick(seq));
    }
  },
  async *watch({ signal }) {
    yield checked(tick(0));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
  async *subscribe({ signal }) {
    for await (const item of hub.items(signal)) yield checked(item);
  },
};

export const router = t.router({
  echo: t.procedure
    .input(person)
    .output(person)
    .mutation(({ input }) => input),
  echoRecord: t.procedure
    .input(record)
    .output(record)
    .mutation(({ input }) => input),
  ticks: t.procedure.input(integer).subscription(streams.ticks),
  pour: t.procedure.subscription(streams.pour),
  watch: t.procedure.subscription(streams.watch),
  subscribe: t.procedure.subscription(streams.subscribe),
  // Over HTTP a stream is the result of a query, sent as lines of JSON.
  ticksStream: t.procedure.input(integer).query(streams.ticks),
  pourStream: t.procedure.query(streams.pour),
  watchStream: t.procedure.query(streams.watch),
  subscribeStream: t.procedure.query(streams.subscribe),
  subscribers: t.procedure.output(integer).query(() => hub.subscribers),
  publish: t.procedure
    .input(integer)
    .output(z.null())
    .mutation(async ({ input }) => {
      await hub.publish(input);
      return null;
    }),
});
