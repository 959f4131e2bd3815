/** The dashboard in a browser tab: the same calls as in the terminal, over a WebSocket, and a stream that one can disturb. */
import { Client, type ClientStatus } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { WebSocketTransport } from "@sluice/transport-websocket";
import { dashboard } from "../protocol.ts";
import { CreditReckoning } from "./credit-reckoning.ts";
import { element, setText } from "./element.ts";
import { FlowView } from "./flow-view.ts";
import { Gate } from "./gate.ts";
import { LiveChart } from "./live-chart.ts";
import { describeFilter, LogView } from "./log-view.ts";
import { NumberLedger } from "./number-ledger.ts";

/** What may lie unread at this page, bytes; it does not grow here, so that there is a fixed number to look at. */
const windowBytes = 64 * 1024;
const numbersPerSecond = 1_000;
const statusTexts: Record<ClientStatus, string> = {
  idle: "Idle",
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  draining: "Server is closing",
  closed: "Closed: reload the page",
};

const client = new Client({
  protocol: dashboard,
  transport: new WebSocketTransport({ url: new URL("/sluice", location.href) }),
  name: "page",
  limits: { window: windowBytes, maxWindow: windowBytes },
  reconnect: { initial: 1_000, factor: 1, max: 1_000, jitter: "none" }, // slow enough to be seen
});

const cpu = new LiveChart({
  chart: element("cpu-chart", HTMLDivElement),
  now: element("cpu-now", HTMLOutputElement),
  name: "CPU",
  colour: "--cpu",
});
const memory = new LiveChart({
  chart: element("memory-chart", HTMLDivElement),
  now: element("memory-now", HTMLOutputElement),
  name: "Memory",
  colour: "--memory",
});
const flow = new FlowView(windowBytes);
const reading = new Gate();
const restart = element("restart", HTMLButtonElement);
let ledger = new NumberLedger();
let logs: ReturnType<typeof openLogs> | undefined;
const log = new LogView(async (level) => {
  log.say("Telling the server …");
  try {
    await logs?.send({ level });
    log.say(describeFilter(level));
  } catch {
    log.say(""); // the channel has ended; the next one is opened with this level
  }
});

function openLogs() {
  return client.channel("logs/watch", { param: { level: log.level } });
}

async function showMetrics(): Promise<void> {
  for await (const sample of client.stream("metrics/stream", { param: { interval: 1_000 } })) {
    cpu.add(sample.timestamp, sample.cpu);
    memory.add(sample.timestamp, sample.memory);
  }
}

async function showLogs(): Promise<void> {
  const call = openLogs();
  logs = call;
  log.say(describeFilter(log.level));
  for await (const entry of call) log.add(entry);
}

async function showNumbers(): Promise<void> {
  const call = client.stream("numbers/produce", { param: { perSecond: numbersPerSecond } });
  const progress = client.stream("numbers/progress", { param: { interval: 100 } });
  const counted = new NumberLedger();
  ledger = counted;
  const reckoning = new CreditReckoning(windowBytes);
  const takeNumbers = async () => {
    const reader = call.readable.getReader();
    for (;;) {
      await reading.passed(); // whoever does not read stops the handler: nothing else has to be said
      const { done, value } = await reader.read();
      if (done) return;
      counted.take(value);
      reckoning.take(String(value).length); // as JSON, which is what travels
    }
  };
  const takeProgress = async () => {
    for await (const { produced } of progress) {
      flow.show({
        produced: Math.max(produced, counted.last), // what was received has been produced
        ledger: counted,
        credit: reckoning.credit(call.stats.buffered),
      });
    }
  };
  await Promise.all([takeNumbers(), takeProgress()]);
}

/** Runs `show` to the end of its calls, and again when they have failed because the session was lost. */
async function keepShowing(show: () => Promise<void>): Promise<void> {
  while (client.status !== "closed") {
    try {
      await client.ready;
      return await show(); // the calls have no end of their own: this page is leaving
    } catch (error) {
      if (!SluiceError.is(error)) throw error;
      if (error.code === "UNAVAILABLE") flow.sayOfCut("The session was lost: the calls begin anew.");
      else console.error(error);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

function showStatus(status: ClientStatus): void {
  const isConnected = status === "connected";
  element("status", HTMLParagraphElement).dataset.status = status;
  setText(element("status-text", HTMLSpanElement), statusTexts[status]);
  flow.canCut = isConnected;
}

flow.onPause((isPaused) => {
  reading.isOpen = !isPaused;
});

flow.onCut(async () => {
  const cutAt = performance.now();
  flow.sayOfCut("The link is cut. The session waits for its client.");
  try {
    // The answer to the request that cuts the link comes over the next one.
    await client.request("connection/cut");
    const seconds = ((performance.now() - cutAt) / 1_000).toFixed(1);
    flow.sayOfCut(`Resumed after ${seconds} s: ${ledger.lost} lost, ${ledger.doubled} doubled.`);
  } catch (error) {
    flow.sayOfCut(`Not resumed: ${(error as Error).message}`);
  }
});

restart.addEventListener("click", async () => {
  const outcome = element("restart-outcome", HTMLParagraphElement);
  restart.disabled = true;
  setText(outcome, "Restarting …");
  delete outcome.dataset.kind;
  try {
    const { success, message } = await client.request("system/restart", { param: { service: "web" } });
    outcome.dataset.kind = success ? "done" : "failed";
    setText(outcome, message);
  } catch (error) {
    outcome.dataset.kind = "failed";
    setText(outcome, `No answer: ${(error as Error).message}`);
  } finally {
    restart.disabled = false;
  }
});

client.on("status", showStatus);
showStatus(client.status);
// Says goodbye, so that the handlers end now and not when the session's time is up.
addEventListener("pagehide", () => void client.dispose());
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload(); // out of the browser's cache, with a client that is gone
});
await Promise.all([showMetrics, showLogs, showNumbers].map(keepShowing));
