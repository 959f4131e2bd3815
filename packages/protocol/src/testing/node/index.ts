/** The door of the testing tools that need Node: sockets, processes, the event loop's handles. */
export { runConformanceCommand } from "./conformance-command.ts";
export {
  type ConnectRawOptions,
  connectedSocket,
  connectRaw,
  listenRaw,
  type RawListener,
  socketPipe,
} from "./connect-raw.ts";
export { type ByteCounts, type CountingProxy, countingProxy } from "./counting-proxy.ts";
export { type CleanFinishOptions, finishesCleanly, LeakError } from "./finishes-cleanly.ts";
export {
  type HttpFaultProxy,
  type HttpFaultProxyEvents,
  type HttpFaultProxyOptions,
  type HttpFaults,
  httpFaultProxy,
  type PostFault,
} from "./http-fault-proxy.ts";
export { Child, type ChildEnd, type InChildOptions, inChild } from "./in-child.ts";
export { startPeerProgram } from "./peer-process.ts";
export { rawNetwork } from "./raw-network.ts";
export { portFrames, type RawBatch, RawPort, type RawPortFrame } from "./raw-port.ts";
export { faultProxy, SocketFaultProxy } from "./socket-fault-proxy.ts";
export { watchTimers } from "./watch-timers.ts";
