// The limits, and Sluice: what runs, over which transports, and what each cannot do.

const unlessHttp = "a request and its response are no channel";
const noStreams = "nothing but sockets: it has no streams that could be idle";

/** @typedef {{ name: string, role: "limit" | "sluice" | "peer", title: string, isOnDemand?: boolean, transports: readonly string[], moduleFor(transport: string): string, lacks(workload: string, transport: string): string | undefined }} Adapter */

/** @type {readonly Adapter[]} */
export const ownAdapters = [
  {
    name: "raw",
    role: "limit",
    title:
      "what is left when everything else is taken away: no validation, no credit, no sessions. unix, tcp: `node:net`, JSON in length-prefixed frames, one write per turn of the event loop. ws: a message of `ws` for every frame, the socket corked for the turn. http: `node:http` on 64 kept connections, a POST for every request, server-sent events for a stream, plain bodies for bytes",
    transports: ["unix", "tcp", "ws", "http"],
    moduleFor: (transport) => ({ ws: "raw-ws", http: "raw-http" })[transport] ?? "raw",
    lacks(workload, transport) {
      if (workload === "W8-streams") return noStreams;
      return transport === "http" && workload.startsWith("W6") ? unlessHttp : undefined;
    },
  },
  {
    name: "raw-plain",
    role: "limit",
    title: "`ws` as it comes: each message is a write of its own",
    transports: ["ws"],
    moduleFor: () => "raw-ws-plain",
    lacks: (workload) => (workload === "W8-streams" ? noStreams : undefined),
  },
  {
    name: "checked-function",
    role: "limit",
    title:
      "in memory: an awaited async function or an async generator, and the four checks of what passes between client and server (closures and Ajv); no calls, no credit",
    transports: ["memory"],
    moduleFor: () => "checked-function",
    lacks: (workload) =>
      ["W1", "W2", "W3", "W4", "W7-down"].includes(workload) ? undefined : "a function has neither",
  },
  {
    name: "sluice",
    role: "sluice",
    title:
      "a `Server` and a `Client` as they come: JSON, validated on both sides, credit, sessions, all limits; in memory values are passed by reference. Only W8 raises the numbers of calls and links that one peer may have",
    transports: ["unix", "tcp", "ws", "http", "memory"],
    moduleFor: () => "sluice",
    lacks: (workload, transport) =>
      transport === "memory" && (workload === "W9" || workload === "W8-connections")
        ? "clients in one process share its memory, and its thread"
        : undefined,
  },
  {
    name: "sluice-msgpack",
    role: "sluice",
    title: "the same with `codec: msgpackCodec`",
    transports: ["unix", "tcp", "ws", "http"],
    moduleFor: () => "sluice-msgpack",
    lacks: (workload) =>
      workload.startsWith("W8") ? "what is idle has no codec at work: as sluice" : undefined,
  },
  {
    name: "sluice-linkbound",
    role: "sluice",
    title: "without sessions: `session: false`. Only where it is asked for",
    transports: ["unix", "tcp", "ws"],
    moduleFor: () => "sluice-linkbound",
    isOnDemand: true,
    lacks: () => undefined,
  },
];
