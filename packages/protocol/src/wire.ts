/** The door of `@sluice/protocol` for packages that move frames and calls: frames, codecs, links, sessions, both ends of a call. */
export { type Address, type AddressScheme, addressSchemes, formatAddress, parseAddress } from "./address.ts";
export { makeApi } from "./call/api-proxy.ts";
export type { CallHandle } from "./call/call-handle.ts";
export type { AnyCallOptions, CallRoute } from "./call/call-opener.ts";
export { Caller, type CallerDefaults } from "./call/caller.ts";
export type { CallerMiddleware, CallInfo } from "./call/caller-middleware.ts";
export {
  CompiledProcedure,
  CompiledProtocol,
  type CompileProtocolOptions,
  type ValidateMode,
} from "./call/compiled-protocol.ts";
export { consoleLogger } from "./call/console-logger.ts";
export {
  Dispatcher,
  type DispatcherOptions,
  type HandlerMiddleware,
  type ParamGuard,
  type ServedProcedure,
} from "./call/dispatcher.ts";
export type { ConnectionScope } from "./call/handler-scope.ts";
export { type Metadata, writeMetadata } from "./call/metadata.ts";
export { isService, makePeerClient, serviceApi, serviceProcedures } from "./call/peer-client.ts";
export { Retries } from "./call/retries.ts";
export type { AnyHandler } from "./call/run-handler.ts";
export type { ServedCall } from "./call/served-call.ts";
export { silentLogger } from "./call/silent-logger.ts";
export { type Clock, systemClock, type Timer, type TimerOptions } from "./clock.ts";
export { isPlain } from "./codec/check-plain.ts";
export type { Codec, PayloadCodec, ValueLimits } from "./codec/codec.ts";
export { jsonCodec } from "./codec/json-codec.ts";
export { measureReceived } from "./codec/measure-received.ts";
export { type Encoding, type Message, Slot, type SlotOptions } from "./codec/slot.ts";
export type { EncodedOnce, HandedItems, ItemTaker } from "./definition/handed-items.ts";
export {
  introspection,
  type ServerDescription,
  type ServiceDescription,
} from "./definition/introspection.ts";
export type { MovedMessages, ToClient, ToServer } from "./definition/message-types.ts";
export type { PeerCertificate } from "./definition/peer-certificate.ts";
export { compareVersions, satisfiesRange } from "./definition/version-range.ts";
export { SluiceError } from "./errors/sluice-error.ts";
export { EventEmitter } from "./event-emitter.ts";
export { checkStructuredFrame, type MeasureValue } from "./frame/check-structured-frame.ts";
export { FrameDecoder, type FrameSink } from "./frame/decode-frames.ts";
export { FrameWriter } from "./frame/encode-frame.ts";
export { type Frame, FrameType } from "./frame/frame.ts";
export {
  encodePipeFrame,
  type PipeClose,
  type PipeFrame,
  PipeFrameDecoder,
  type PipeFrameLimits,
  type PipeFrameSink,
  type PipeMetadata,
  pipeFrameHeadBytes,
} from "./frame/pipe-frame.ts";
export { decodeTextFrame, encodeTextFrame, maxTextFrame } from "./frame/text-frames.ts";
export { invalidUtf8, standardUtf8, type Utf8 } from "./frame/utf8.ts";
export {
  type LimitOptions,
  maxFrameLength,
  maxFramePayload,
  messageOverhead,
  type ResolvedLimits,
  resolveLimits,
} from "./limits.ts";
export { type ByteDuplex, type ByteDuplexEvents, ByteLink } from "./link/byte-link.ts";
export type { Link, LinkInfo, LinkReceiver } from "./link/link.ts";
export type {
  PipeCarrier,
  PipeConnectOptions,
  PipeListener,
  PipeListenOptions,
} from "./link/pipe-carrier.ts";
export { remoteNetwork } from "./link/remote-network.ts";
export { RemotePlaces, type RemotePlacesLimits } from "./link/remote-places.ts";
export {
  type AddressOptions,
  listenerAt,
  register,
  type TransportModule,
  transportModuleOf,
  transportTo,
} from "./link/scheme-table.ts";
export type { Pem, TlsOptions } from "./link/tls-options.ts";
export type { ConnectOptions, FindProcedure, Listener, Transport } from "./link/transport.ts";
export {
  isHostAllowed,
  isLoopbackHost,
  isOriginAllowed,
  type WebOriginOptions,
  type WebOriginRules,
  type WebRequestOrigin,
  webOriginRules,
  webRefusal,
} from "./link/web-origin.ts";
export { checkOptionNames, optionPaths } from "./option-names.ts";
export { JoinedLinks, type JoinedLinksOptions } from "./relay/joined-links.ts";
export { Relay, type RelayOptions } from "./relay/relay.ts";
export { isBytes } from "./schema/byte-string.ts";
export { contentOf, hasUniqueItems, isOneOf } from "./schema/equality.ts";
export { formats } from "./schema/formats.ts";
export { isMultiple } from "./schema/number-keywords.ts";
export { namesOf } from "./schema/object-keywords.ts";
export { type PlainSchema, plainSchema } from "./schema/plain-schema.ts";
export { jsonSchemaOf } from "./schema/standard-schema.ts";
export { validateFunction } from "./schema/validate-function.ts";
export {
  type AcceptSessionOptions,
  type Admission,
  acceptSession,
  type NewSession,
  type ResumedSession,
} from "./session/accept-session.ts";
export type { CallAcceptor, CallPlan } from "./session/call-acceptor.ts";
export { type CallEnd, cancelled } from "./session/call-end.ts";
export {
  type ConnectLinkOptions,
  type ConnectSessionOptions,
  connectLink,
  connectSession,
  type FormerSession,
} from "./session/connect-session.ts";
export {
  type Hello,
  type LocalPeer,
  newPeer,
  type PeerInfo,
  type SessionClaim,
  type SessionTicket,
  wireVersion,
} from "./session/handshake.ts";
export type { IncomingCall } from "./session/incoming-call.ts";
export { takeCalls } from "./session/incoming-calls.ts";
export type { OpenRequest } from "./session/open-frame.ts";
export type { OutgoingCall } from "./session/outgoing-call.ts";
export type { MakePeerCalls, PeerCalls } from "./session/peer-calls.ts";
export { refuseLink } from "./session/refuse-link.ts";
export { refuseCalls } from "./session/refused-calls.ts";
export { Ring } from "./session/ring.ts";
export { Session } from "./session/session.ts";
export type { SessionListener, SessionOptions } from "./session/session-options.ts";
export { settlesWithin, within } from "./within.ts";
