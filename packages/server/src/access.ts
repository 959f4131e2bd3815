/**
 * Who may call what: rules by name, deny by default.
 *
 * A rule that says `false` wins over all others; else the most specific rule that fits the name decides; a name that none fits is denied.
 */
import type { ServedCall } from "@sluice/protocol/wire";

/** Decides about one call. A promise is awaited before the handler runs. */
export type AccessPredicate = (call: AccessRequest) => boolean | Promise<boolean>;

/** What a predicate may look at. */
export interface AccessRequest extends ServedCall {
  /** The param of the call; of an event its data. Valid by its schema. */
  readonly param: unknown;
}

/**
 * `true`: everybody that was let in. `false`: nobody. A list: identities with at least one of these, each `kind:value`: `role:admin`
 * is in `identity.roles`, `scope:write` in `identity.scopes`, `id:ada` is `identity.id`.
 */
export type AccessRule = boolean | readonly string[] | AccessPredicate;

/** Rules by pattern: a name, `orders/*` for all that start with `orders/`, or `*`. */
export interface AccessRules {
  readonly [pattern: string]: AccessRule;
}

interface CompiledRule {
  readonly prefix: string;
  readonly isExact: boolean;
  readonly rule: AccessRule;
}

export class AccessTable {
  /** The most specific first. */
  readonly #rules: readonly CompiledRule[];
  /** What was found before, for procedures that are served. */
  readonly #found = new Map<string, AccessRule>();

  /** @throws {TypeError} for a pattern or rule that can't be one */
  constructor(rules: AccessRules) {
    this.#rules = Object.entries(rules)
      .map(([pattern, rule]) => compileRule(pattern, rule))
      .sort((a, b) => Number(b.isExact) - Number(a.isExact) || b.prefix.length - a.prefix.length);
  }

  /** Whether `call`, whose procedure is served, is allowed, or what says so once its param is there. */
  judge(call: ServedCall): boolean | ((param: unknown) => boolean | Promise<boolean>) {
    const decisive = this.#decisive(call.procedure);
    if (typeof decisive !== "function") return this.#holds(decisive, call.identity);
    return (param) => decisive({ ...call, param });
  }

  /** Whether `identity` can know that `procedure`, which is served, is there: not, if no call of its could be allowed. */
  shows(procedure: string, identity: unknown): boolean {
    const decisive = this.#decisive(procedure);
    return typeof decisive === "function" || this.#holds(decisive, identity);
  }

  #decisive(procedure: string): AccessRule {
    let rule = this.#found.get(procedure);
    if (rule === undefined) {
      rule = this.#search(procedure);
      this.#found.set(procedure, rule);
    }
    return rule;
  }

  #search(procedure: string): AccessRule {
    const fitting = this.#rules.filter(({ prefix, isExact }) =>
      isExact ? procedure === prefix : procedure.startsWith(prefix),
    );
    if (fitting.some(({ rule }) => rule === false)) return false;
    return fitting[0]?.rule ?? false;
  }

  #holds(rule: boolean | readonly string[], identity: unknown): boolean {
    return typeof rule === "boolean" ? rule : rule.some((requirement) => satisfies(identity, requirement));
  }
}

function compileRule(pattern: string, rule: AccessRule): CompiledRule {
  const star = pattern.indexOf("*");
  const isFit = star < 0 || (star === pattern.length - 1 && (pattern === "*" || pattern.endsWith("/*")));
  if (!isFit || pattern === "") {
    throw new TypeError(`Invalid access pattern ${JSON.stringify(pattern)}: use a name, "orders/*" or "*"`);
  }
  const isList =
    Array.isArray(rule) && rule.length > 0 && rule.every((entry) => /^[a-z]+:.+$/.test(String(entry)));
  if (typeof rule !== "boolean" && typeof rule !== "function" && !isList) {
    throw new TypeError(
      `Invalid access rule for ${JSON.stringify(pattern)}: use true, false, a list such as ["role:admin"], or a function`,
    );
  }
  return { prefix: star < 0 ? pattern : pattern.slice(0, -1), isExact: star < 0, rule };
}

function satisfies(identity: unknown, requirement: string): boolean {
  if (typeof identity !== "object" || identity === null) return false;
  const colon = requirement.indexOf(":");
  const kind = requirement.slice(0, colon);
  const value = requirement.slice(colon + 1);
  const held = identity as Record<string, unknown>;
  const list = Object.hasOwn(held, `${kind}s`) ? held[`${kind}s`] : undefined;
  if (Array.isArray(list)) return list.includes(value);
  return Object.hasOwn(held, kind) && held[kind] === value;
}
