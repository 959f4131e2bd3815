/**
 * Who may come by web: the exact list of pages' origins, and the names that a server may be called by.
 *
 * A browser says in `Origin` which page asks, and in `Host` by which name it found the server; no page can change either. The list of
 * origins keeps foreign pages out; the list of hosts keeps out a page whose own name was made to point here (DNS rebinding), and to
 * which everything here would be of its own origin. Used by every transport that upgrades or answers HTTP. Spec: docs/security.md.
 */

/** What a server that pages can reach is told about them. */
export interface WebOriginOptions {
  /**
   * Origins of the pages that may come, exactly as browsers send them: `"https://app.example.com"`, with a port unless it is the
   * scheme's own. Default: none but those of the server itself, and these only where the name of the server is checked (`allowedHost`).
   */
  readonly allowedOrigin?: string | readonly string[] | undefined;
  /**
   * Names in `Host` that the server answers to, in any case: `"app.example.com"` with any port, `"app.example.com:8443"` with this one.
   * Default: on a loopback address its own names (`localhost`, `127.0.0.1`, `[::1]`), elsewhere any.
   *
   * The pages of a listed name may come too: those of `https:`, since a proxy may have ended TLS, and over a plain connection those of
   * `http:`, unless `allowedOrigin` lists the `https:` origin of the name.
   */
  readonly allowedHost?: string | readonly string[] | undefined;
  /** `true`: who sends no `Origin`, which every browser does, is refused too. Default `false`: it is no browser. */
  readonly requireOrigin?: boolean | undefined;
}

/** {@link WebOriginOptions}, checked. */
export interface WebOriginRules {
  readonly origins: ReadonlySet<string>;
  /** Lower case. */
  readonly hosts: ReadonlySet<string>;
  readonly requireOrigin: boolean;
  /** Whether the server can be reached from its own machine only. */
  readonly isLoopback: boolean;
}

/** What of a request is judged. A header that is not there is `undefined` or `null`. */
export interface WebRequestOrigin {
  readonly origin: string | null | undefined;
  readonly host: string | null | undefined;
  /** Whether it came over TLS, as far as the server itself sees. */
  readonly isEncrypted: boolean;
}

/**
 * Checks the options. `boundTo` is the host or address that the server listens on; absent: not known, so taken for one that others reach.
 * @throws {TypeError} for an origin or a host that no browser would send
 */
export function webOriginRules(options: WebOriginOptions, boundTo?: string): WebOriginRules {
  const origins = listed(options.allowedOrigin);
  for (const origin of origins) checkOrigin(origin);
  const hosts = listed(options.allowedHost).map((host) => host.toLowerCase());
  for (const host of hosts) checkHost(host);
  return {
    origins: new Set(origins),
    hosts: new Set(hosts),
    requireOrigin: options.requireOrigin === true,
    isLoopback: boundTo !== undefined && isLoopbackHost(boundTo),
  };
}

/** Whether a page of `origin` is listed. Compared letter by letter: no browser writes its own origin in another way. */
export function isOriginAllowed(origin: string | null | undefined, rules: WebOriginRules): boolean {
  return origin === undefined || origin === null ? !rules.requireOrigin : rules.origins.has(origin);
}

/** Whether the server answers to `host`, the `Host` of a request. Where it knows none of its names, it answers to all. */
export function isHostAllowed(host: string | null | undefined, rules: WebOriginRules): boolean {
  if (!checksHosts(rules) || isListedHost(host, rules)) return true;
  const { name } = splitHost((host ?? "").toLowerCase()) ?? {};
  return name !== undefined && rules.isLoopback && isLoopbackHost(name);
}

/** Whether somebody has said that the server goes by `host`. */
function isListedHost(host: string | null | undefined, { hosts }: WebOriginRules): boolean {
  const { name, port } = splitHost((host ?? "").toLowerCase()) ?? {};
  if (name === undefined) return false;
  return hosts.has(name) || (port !== undefined && hosts.has(`${name}:${port}`));
}

/** Why a request may not come, in a few words that can be shown to anybody; `undefined` if it may. */
export function webRefusal(request: WebRequestOrigin, rules: WebOriginRules): string | undefined {
  if (!isHostAllowed(request.host, rules)) return "This server does not go by that Host";
  const { origin } = request;
  if (isOriginAllowed(origin, rules)) return undefined;
  const isMissing = origin === undefined || origin === null;
  if (!isMissing && ownOrigins(request, rules).includes(origin)) return undefined;
  return isMissing ? "An Origin is required" : "Pages of this Origin are not allowed";
}

/**
 * The origins of pages that the server itself serves, if its name is known to be its own. Over a plain connection a listed name has two,
 * since whoever has ended TLS before it has left no trace that could be trusted.
 */
function ownOrigins({ host, isEncrypted }: WebRequestOrigin, rules: WebOriginRules): readonly string[] {
  if (!checksHosts(rules) || host === undefined || host === null) return [];
  const secure = urlOf(`https://${host}`)?.origin;
  const plain = urlOf(`http://${host}`)?.origin;
  if (secure === undefined || plain === undefined) return [];
  if (isEncrypted) return [secure];
  if (!isListedHost(host, rules)) return [plain];
  // Who lists the one is served by https: whoever sits in the network can be the other.
  return rules.origins.has(secure) ? [secure] : [secure, plain];
}

function checksHosts(rules: WebOriginRules): boolean {
  return rules.isLoopback || rules.hosts.size > 0;
}

function listed(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

function checkOrigin(origin: string): void {
  const example = `write it as browsers do: "https://app.example.com"`;
  if (origin.includes("*")) {
    throw new TypeError(`allowedOrigin lists origins one by one, "*" stands for none: ${example}`);
  }
  if (origin === "null") {
    throw new TypeError(`allowedOrigin cannot hold "null": any page can make itself that`);
  }
  const url = urlOf(origin);
  // Pages of apps and extensions have schemes of their own, whose origin no URL parser tells.
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (isWeb ? url.origin === origin : /^(?!https?:)[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+$/.test(origin)) return;
  const near = isWeb ? `: did you mean ${JSON.stringify(url.origin)}?` : `; ${example}`;
  throw new TypeError(`allowedOrigin ${JSON.stringify(origin)} is no origin${near}`);
}

function checkHost(host: string): void {
  if (splitHost(host) !== undefined) return;
  const example = `"app.example.com", "app.example.com:8443" or "[::1]"`;
  throw new TypeError(`allowedHost ${JSON.stringify(host)} is no host: write it as ${example}`);
}

/** A name, an IPv4 address, or an IPv6 address in brackets; and a port. */
function splitHost(host: string): { name: string; port: string | undefined } | undefined {
  const match = /^([a-z\d._~-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/.exec(host);
  return match?.[1] === undefined ? undefined : { name: match[1], port: match[2] };
}

function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/**
 * Whether `host` stands for the own machine, as no name server can give it to anybody else: `localhost` or an address of loopback, in
 * brackets or not, also the one that a server on both kinds of IP sees.
 */
export function isLoopbackHost(host: string): boolean {
  const name = withoutBrackets(host.toLowerCase()).replace(/^::ffff:(?=\d)/, "");
  if (name === "localhost" || name === "::1" || name === "0:0:0:0:0:0:0:1") return true;
  const parts = name.split(".");
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isAddress && parts[0] === "127";
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // Not a URL: that is the answer.
    return undefined;
  }
}
