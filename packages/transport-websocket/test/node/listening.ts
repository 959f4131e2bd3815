/** A listener for one test: its address, the links that came, and what becomes of them. */
import type { Link, SluiceError } from "@sluice/protocol/wire";
import { type ListenWebSocketOptions, listenWebSocket } from "@sluice/transport-websocket";
import { onTestFinished } from "vitest";

export interface Listening {
  readonly address: string;
  readonly links: Link[];
  /** How links ended, in the order of their ends. */
  readonly ends: (SluiceError | undefined)[];
  /** Frames that came, on all links. */
  frames: number;
  /** Frames that were none. */
  readonly malformed: SluiceError[];
}

/** Listens until the test is over, and reads every link unless `reads` says no. */
export async function listening(
  options: Partial<ListenWebSocketOptions> = {},
  { reads = true }: { readonly reads?: boolean } = {},
): Promise<Listening> {
  const listener = listenWebSocket({ ...(options.server === undefined ? { port: 0 } : {}), ...options });
  const state: { -readonly [Key in keyof Listening]: Listening[Key] } = {
    address: "",
    links: [],
    ends: [],
    frames: 0,
    malformed: [],
  };
  state.address = await listener.listen((link) => {
    state.links.push(link);
    if (!reads) return;
    link.receive({
      frame: () => void state.frames++,
      malformed: (error) => void state.malformed.push(error),
      flushing() {},
      writable() {},
      closed: (error) => void state.ends.push(error),
    });
  });
  onTestFinished(async () => {
    for (const link of state.links) link.destroy();
    await listener.close();
  });
  return state;
}

/** Turns the event loop until `holds()`. */
export async function until(holds: () => boolean, what = "the condition holds"): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`Waited 15 s until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
