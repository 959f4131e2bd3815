/**
 * What a server serves, by the names that callers use: procedures of its protocol, and of services with their versions.
 */
import { checkDefinition, type HandlersOf, type ProtocolDefinition, type Service } from "@sluice/protocol";
import {
  type AnyHandler,
  CompiledProtocol,
  type CompileProtocolOptions,
  compareVersions,
  type FindProcedure,
  jsonSchemaOf,
  type ServedProcedure,
  type ServiceDescription,
  satisfiesRange,
} from "@sluice/protocol/wire";

/** A service with its handlers. */
export interface ServedService {
  readonly service: Service<ProtocolDefinition>;
  readonly handlers: HandlersOf<ProtocolDefinition>;
}

interface Entry {
  /** `undefined`: the server's own protocol, whose procedures have no prefix. */
  readonly service: Service<ProtocolDefinition> | undefined;
  readonly protocol: ProtocolDefinition;
  /** `protocol` by the names that rules, events and errors know: those of a service as `name/procedure`, in all versions. */
  readonly served: ProtocolDefinition;
  readonly handlers: ReadonlyMap<string, AnyHandler>;
}

export class ServiceRegistry {
  #entries: Entry[] = [];
  /** Names that were resolved, until what is served changes. Only names of procedures that exist are kept. */
  #found = new Map<string, { readonly entry: Entry; readonly procedure: string }>();

  /**
   * Serves the procedures of `protocol` under their own names.
   * @throws {TypeError} for a definition that is none, a handler that is missing, one that is not in the protocol
   */
  addProtocol(protocol: ProtocolDefinition, handlers: Readonly<Record<string, unknown>>): void {
    this.#add(undefined, protocol, handlers);
  }

  /**
   * Serves the procedures of a service as `name/procedure`, beside other versions of it.
   * @throws {TypeError} as {@link addProtocol}, and for a version that is served already
   */
  addService({ service, handlers }: ServedService): void {
    const { name, version } = service;
    if (this.#entries.some((entry) => entry.service?.name === name && entry.service.version === version)) {
      throw new TypeError(`Cannot expose ${name}@${version}: it is exposed already`);
    }
    this.#add(service, service.protocol, handlers);
  }

  /** Serves a service no more: all its versions, or the one of `name@version`. Returns whether it was served. */
  removeService(nameAndVersion: string): boolean {
    const [name, version] = nameAndVersion.split("@");
    const left = this.#entries.filter(
      ({ service }) => service?.name !== name || (version !== undefined && service?.version !== version),
    );
    const isRemoved = left.length < this.#entries.length;
    this.#entries = left;
    this.#found = new Map();
    return isRemoved;
  }

  /** What serves `name`, compiled by `compiled`. */
  find(name: string, compiled: CompiledServices): ServedProcedure | undefined {
    const found = this.#lookUp(name);
    if (found === undefined) return undefined;
    const { entry } = found;
    const procedure = compiled.of(entry.served).find(prefixOf(entry.service) + found.procedure);
    const handler = entry.handlers.get(found.procedure);
    return procedure === undefined || handler === undefined ? undefined : { procedure, handler };
  }

  /** The definition of what serves `name`. */
  readonly definitionOf: FindProcedure = (name) => {
    const found = this.#lookUp(name);
    return found?.entry.protocol[found.procedure];
  };

  /** What is served, for `$describe`; `shows` says which procedures. */
  describe(shows: (name: string) => boolean): ServiceDescription[] {
    const described: ServiceDescription[] = [];
    for (const { service, protocol } of this.#entries) {
      const prefix = prefixOf(service);
      const procedures = Object.entries(protocol).filter(([name]) => shows(prefix + name));
      if (procedures.length === 0) continue;
      const { name, version, description, tags } = service ?? {};
      described.push({
        ...(name === undefined ? {} : { name }),
        ...(version === undefined ? {} : { version }),
        ...(description === undefined ? {} : { description }),
        ...(tags === undefined ? {} : { tags }),
        procedures: Object.fromEntries(
          procedures.map(([key, definition]) => [key, describeProcedure(definition)]),
        ),
      });
    }
    return described;
  }

  #add(
    service: Service<ProtocolDefinition> | undefined,
    protocol: ProtocolDefinition,
    handlers: Readonly<Record<string, unknown>>,
  ): void {
    checkDefinition(protocol);
    const byName = new Map<string, AnyHandler>();
    for (const name of Object.keys(protocol)) {
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (handler === undefined) throw new TypeError(`Missing handler: ${name}`);
      if (typeof handler !== "function") throw new TypeError(`The handler of ${name} is no function`);
      byName.set(name, handler as AnyHandler);
    }
    for (const name of Object.keys(handlers)) {
      if (!Object.hasOwn(protocol, name))
        throw new TypeError(`Unknown handler: ${name} is not in the protocol`);
    }
    const prefix = prefixOf(service);
    const served =
      service === undefined
        ? protocol
        : Object.fromEntries(
            Object.entries(protocol).map(([name, definition]) => [prefix + name, definition]),
          );
    this.#entries.push({ service, protocol, served, handlers: byName });
    this.#found = new Map();
  }

  #lookUp(name: string): { readonly entry: Entry; readonly procedure: string } | undefined {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const found = this.#resolve(name);
    // Many names can mean one procedure; a peer shall not fill the memory with them.
    if (found !== undefined && this.#found.size < 10_000) this.#found.set(name, found);
    return found;
  }

  #resolve(name: string): { entry: Entry; procedure: string } | undefined {
    for (const entry of this.#entries) {
      if (entry.service === undefined && entry.handlers.has(name)) return { entry, procedure: name };
    }
    const slash = name.indexOf("/");
    if (slash < 0) return undefined;
    const [service, range = "*"] = name.slice(0, slash).split("@");
    const procedure = name.slice(slash + 1);
    const fitting = this.#entries.filter(
      (entry) => entry.service?.name === service && satisfiesRange(entry.service?.version ?? "", range),
    );
    fitting.sort((a, b) => compareVersions(b.service?.version ?? "", a.service?.version ?? ""));
    const entry = fitting.find((candidate) => candidate.handlers.has(procedure));
    return entry === undefined ? undefined : { entry, procedure };
  }
}

/** What stands before the names of a service's procedures. */
function prefixOf(service: Service<ProtocolDefinition> | undefined): string {
  return service === undefined ? "" : `${service.name}/`;
}

/** The protocols of a registry, compiled for one encoding when first used. */
export class CompiledServices {
  readonly #options: CompileProtocolOptions;
  readonly #compiled = new WeakMap<ProtocolDefinition, CompiledProtocol>();

  constructor(options: CompileProtocolOptions) {
    this.#options = options;
  }

  of(protocol: ProtocolDefinition): CompiledProtocol {
    let compiled = this.#compiled.get(protocol);
    if (compiled === undefined) {
      compiled = new CompiledProtocol(protocol, this.#options);
      this.#compiled.set(protocol, compiled);
    }
    return compiled;
  }
}

/** A definition as JSON: Standard Schemas say theirs. */
function describeProcedure(definition: ProtocolDefinition[string]): Record<string, unknown> {
  const described: Record<string, unknown> = { ...definition };
  for (const slot of ["param", "result", "receive", "send", "data"]) {
    if (described[slot] !== undefined) described[slot] = jsonSchemaOf(described[slot]);
  }
  const { errors } = definition as { errors?: Record<string, Record<string, unknown>> };
  if (errors !== undefined) {
    described.errors = Object.fromEntries(
      Object.entries(errors).map(([code, error]) => [
        code,
        error.data === undefined ? error : { ...error, data: jsonSchemaOf(error.data) },
      ]),
    );
  }
  return described;
}

/** A service and its handlers, typed, for `services` of a server. */
export function serve<const Protocol extends ProtocolDefinition>(
  service: Service<Protocol>,
  handlers: HandlersOf<Protocol>,
): ServedService {
  // What the server keeps is found by name at run time; the types have done their work here.
  return { service, handlers: handlers as unknown as ServedService["handlers"] };
}
