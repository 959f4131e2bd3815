/**
 * The client as most programs want it: it checks what it sends and receives, and serves calls of the server if it has handlers.
 */
import { checkDefinition, closures, type ProtocolDefinition, type Validator } from "@sluice/protocol";
import { consoleLogger } from "@sluice/protocol/wire";
import { BareClient, type ClientParts } from "./bare-client.ts";
import { type ClientOptions, checkClientOptions } from "./client-options.ts";
import { reverseCalls } from "./reverse-calls.ts";

export class Client<
  const Protocol extends ProtocolDefinition = ProtocolDefinition,
  const Served extends ProtocolDefinition = Protocol,
> extends BareClient<Protocol> {
  /**
   * Begins to connect at once.
   * @throws {TypeError} for options that are not known, a transport, protocol or handlers that are none; {@link RangeError} for
   * limits, `retry` or `reconnect` out of range
   */
  constructor(options: ClientOptions<Protocol, Served>) {
    checkClientOptions(options);
    const { validator = closures() } = options;
    super({ ...options, validator }, partsOf(options, validator));
  }
}

function partsOf<Protocol extends ProtocolDefinition, Served extends ProtocolDefinition>(
  options: ClientOptions<Protocol, Served>,
  validator: Validator,
): ClientParts {
  const { protocol, clientProtocol = protocol, handlers = {}, validate = "all" } = options;
  const { logger = consoleLogger } = options;
  return {
    checkProtocol: checkDefinition,
    peerCalls: (local, limits, caller) =>
      reverseCalls({
        protocol: clientProtocol,
        handlers,
        local,
        limits,
        validator,
        validate,
        logger,
        caller,
      }),
  };
}
