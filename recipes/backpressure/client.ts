/** A slow reader: takes the next item when it is told to, and tells how far ahead of it the producer is. */
import { connect } from "@sluice/client";
import type { CallStats } from "@sluice/protocol";
import { pump } from "./protocol.ts";

/** One look at the stream. `stats` are the reader's: what has arrived, and how much of it nobody has taken. */
export interface Reading {
  readonly produced: number;
  readonly consumed: number;
  readonly stats: CallStats;
}

/**
 * Takes `items` items of the server at `url`. Before each one, and after the last, `pace` is awaited; it gets a function that
 * looks at the stream, which is a call of its own over the same connection: a reader that stalls holds up nothing but its stream.
 */
export async function readSlowly(
  url: string,
  items: number,
  pace: (look: () => Promise<Reading>) => Promise<unknown>,
): Promise<Reading> {
  const client = await connect(url, { protocol: pump });
  const call = client.stream("items/pour");
  let consumed = 0;
  const look = async (): Promise<Reading> => {
    const produced = await client.request("items/produced");
    return { produced, consumed, stats: call.stats };
  };
  try {
    const reader = call.readable.getReader();
    for (; consumed < items; consumed++) {
      await pace(look);
      await reader.read();
    }
    await pace(look);
    return await look();
  } finally {
    await client.dispose(); // stops the stream, and with it the producer
  }
}
