// The workloads: what is done, how often, and what one operation is.

const person = (id) => ({ id, name: `name ${id}`, tags: ["a", "bb", "ccc"] });

/** @typedef {{ echo(value: unknown): Promise<unknown>, ticks(count: number): Promise<number> }} BenchClient */

export const workloads = {
  W2: {
    title: "unary echo, 64 in flight",
    unit: "op",
    operations: 100_000,
    /** @param {BenchClient} client */
    async run(client, operations) {
      let next = 0;
      const one = async () => {
        while (next < operations) {
          const id = next++;
          const answer = await client.echo(person(id));
          if (answer.id !== id) throw new Error(`echo of ${id} gave ${answer.id}`);
        }
      };
      await Promise.all(Array.from({ length: 64 }, one));
    },
  },
  W4: {
    title: "server stream to one for await",
    unit: "msg",
    operations: 200_000,
    /** @param {BenchClient} client */
    async run(client, operations) {
      const received = await client.ticks(operations);
      if (received !== operations) throw new Error(`${received} of ${operations} messages came`);
    },
  },
};
