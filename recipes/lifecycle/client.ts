/** A client that says what becomes of its connection, and of its calls. */
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { SocketTransport } from "@sluice/transport-socket";
import { jobs } from "./protocol.ts";

const say = (text: string) => console.log(`[client] ${text}`);

export class JobClient {
  readonly client: Client<typeof jobs>;

  constructor(address: string) {
    this.client = new Client({
      protocol: jobs,
      transport: new SocketTransport({ socket: address }),
      name: "demo",
      reconnect: { initial: 50, max: 1_000 }, // tries again after up to 50 ms, 100, 200, … and 1,000
    });
    this.client.on("status", (status) => say(status));
  }

  /** Runs a job and says how it ended. Without a connection it waits for one. */
  async run(name: string): Promise<void> {
    try {
      say(await this.client.request("jobs/run", { param: name }));
    } catch (error) {
      if (!SluiceError.is(error)) throw error;
      say(`${name} failed: ${error.code}, processed: ${error.processed}: ${error.message}`);
    }
  }

  /** Counts to `last`, checks that no number is missing or comes twice, and says so. `onNumber` is told each as it comes. */
  async count(last: number, onNumber: (number: number) => void): Promise<void> {
    let next = 1;
    let lost = 0;
    let doubled = 0;
    for await (const number of this.client.stream("jobs/count", { param: last })) {
      if (number < next) doubled++;
      else {
        lost += number - next;
        next = number + 1;
      }
      onNumber(number);
    }
    lost += last - (next - 1);
    say(`counted to ${next - 1}: ${lost} lost, ${doubled} doubled`);
  }

  /** Resolves at the next change to `status`. */
  becomes(status: Client["status"]): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.client.on("status", (now) => {
        if (now !== status) return;
        stop();
        resolve();
      });
    });
  }
}
