/** The door of `@sluice/protocol` for people who write protocols and handlers. */
export { type Address, type AddressScheme, addressSchemes, formatAddress, parseAddress } from "./address.ts";
export type {
  Api,
  Call,
  CallArguments,
  CallOptions,
  CallStats,
  ChannelArguments,
  ChannelCall,
  DataOptions,
  EventArguments,
  NoDataOptions,
  NoParamOptions,
  ParamOptions,
  SourceOptions,
  StreamCall,
  TypedCalls,
  UntypedApi,
} from "./definition/call-types.ts";
export { checkDefinition } from "./definition/check-definition.ts";
export { declaredErrors, isError } from "./definition/declared-error.ts";
export type {
  ChannelContext,
  ChannelHandler,
  Connection,
  EventContext,
  EventHandler,
  Fail,
  HandlerContext,
  HandlerOf,
  HandlersOf,
  LogFields,
  Logger,
  PeerClient,
  RequestContext,
  RequestHandler,
  StreamContext,
  StreamHandler,
  UploadContext,
} from "./definition/handler-types.ts";
export type { Infer } from "./definition/infer.ts";
export type { ServerDescription, ServiceDescription } from "./definition/introspection.ts";
export type { JsonSchema, JsonSchemaObject, JsonSchemaTypeName } from "./definition/json-schema.ts";
export type { ProcedureKind } from "./definition/kinds.ts";
export type { AnyClientMessageOf, AnyServerMessageOf } from "./definition/message-types.ts";
export type { PeerCertificate } from "./definition/peer-certificate.ts";
export {
  type ChannelDefinition,
  checkProtocol,
  defineProtocol,
  type ErrorDefinition,
  type EventDefinition,
  type ProcedureDefinition,
  type ProtocolDefinition,
  type RequestDefinition,
  type SlotSchema,
  type StreamDefinition,
} from "./definition/protocol-definition.ts";
export type {
  CursorOf,
  DataOf,
  DeclaredError,
  ErrorCodeOf,
  ErrorDataOf,
  ErrorOf,
  KindOf,
  ParamOf,
  ProcedureNames,
  ReceiveOf,
  ResultOf,
  SendOf,
} from "./definition/protocol-types.ts";
export type { ClientRetryOptions, RetryBudgetOptions, RetryOptions } from "./definition/retry-options.ts";
export { defineService, type Service } from "./definition/service.ts";
export { type Typed, typed } from "./definition/typed.ts";
export { type ErrorCode, errorCodes, isErrorCode, isRetryableCode } from "./errors/error-code.ts";
export {
  type ErrorOrigin,
  type Processed,
  SluiceError,
  type SluiceErrorOptions,
} from "./errors/sluice-error.ts";
export { EventEmitter, type Listener } from "./event-emitter.ts";
export type { LimitOptions, Limits, Rate, Timings } from "./limits.ts";
export type { Pem, TlsOptions } from "./link/tls-options.ts";
export { type AutoOptions, auto } from "./schema/auto-validator.ts";
export { type BundleOptions, bundledSchema } from "./schema/bundled-schema.ts";
export { closures } from "./schema/closure-validator.ts";
export type { CompileOptions, Issue, Validate, Validator } from "./schema/validator.ts";
