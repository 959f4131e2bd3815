/**
 * Keywords for objects: members, their names and number, and what depends on a member being there.
 *
 * A member that is `undefined`, or is not the object's own, is absent.
 */
import type { PlainSchemaObject } from "./plain-schema.ts";
import {
  allOf,
  type Check,
  type Compiler,
  type NamedRule,
  type RulesOf,
  rulesBy,
  type SchemaNode,
} from "./rule.ts";

/** An object as rules see it. */
export interface Members {
  readonly [name: string]: unknown;
}

export function objectRules(schema: PlainSchemaObject, compiler: Compiler): NamedRule<Members>[] {
  const { properties, patternProperties, additionalProperties, required } = schema;
  const rules = otherRules(schema, compiler);
  if (properties || patternProperties || required || additionalProperties !== undefined) {
    rules.unshift(membersRule(schema, compiler));
  }
  return rules;
}

const otherRules: RulesOf<Members> = rulesBy({
  minProperties: (min) => ({
    check: (object) => namesOf(object).length >= min,
    expected: () => `must have ${min} or more properties`,
  }),
  maxProperties: (max) => ({
    check: (object) => namesOf(object).length <= max,
    expected: () => `must have ${max} or fewer properties`,
  }),
  propertyNames: (names, _, { compile }) => {
    const node = compile(names);
    const refusedIn = (object: Members) => namesOf(object).find((name) => !node.check(name));
    return {
      check: (object) => refusedIn(object) === undefined,
      expected: (object) => `each property name ${node.explain(refusedIn(object), "", "").expected}`,
    };
  },
  dependentRequired: (dependent) => {
    const entries = Object.entries(dependent).map(([trigger, names]) => [trigger, [...names]] as const);
    const missingIn = (object: Members) =>
      entries.flatMap(([trigger, names]) =>
        has(object, trigger)
          ? names
              .filter((name) => !has(object, name))
              .map((name) => [name, trigger].map((n) => JSON.stringify(n)))
          : [],
      );
    return {
      check: (object) => missingIn(object).length === 0,
      expected: (object) => `must have property ${missingIn(object)[0]?.join(" when it has property ")}`,
    };
  },
  dependentSchemas: (dependent, _, { compile }) => {
    const nodes = Object.entries(dependent).map(([trigger, schema]) => [trigger, compile(schema)] as const);
    const nodesFor = (object: Members) =>
      nodes.flatMap(([trigger, node]) => (has(object, trigger) ? node : []));
    return {
      check: (object) => nodesFor(object).every((node) => node.check(object)),
      visits: (object) => nodesFor(object).map((node) => ({ node, keyword: "dependentSchemas" })),
    };
  },
});

function has(object: Members, name: string): boolean {
  return Object.hasOwn(object, name) && object[name] !== undefined;
}

/** The names of the members that are there. */
export function namesOf(object: Members): string[] {
  return Object.keys(object).filter((name) => object[name] !== undefined);
}

/** A schema for a member, and the keyword that says so. */
interface Applied {
  readonly keyword: string;
  readonly node: SchemaNode;
}

/** A name that the schema mentions, in `properties` or `required`. */
interface Mentioned {
  readonly name: string;
  readonly index: number;
  readonly check: Check;
  readonly requires: 0 | 1;
}

/** In a loop over names, engines recognise this one and leave it out; they do not recognise `Object.hasOwn` yet. */
const isOwn = Object.prototype.hasOwnProperty;

/** `properties`, `patternProperties`, `additionalProperties` and `required` in one loop over the members that are there. */
function membersRule(schema: PlainSchemaObject, { compile, pattern }: Compiler): NamedRule<Members> {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema;
  const required = new Set(schema.required);
  const declared = new Map<string, Applied>();
  for (const [name, member] of Object.entries(properties)) {
    declared.set(name, { keyword: "properties", node: compile(member) });
  }
  const patterns = Object.entries(patternProperties).map(([source, member]) => ({
    matches: pattern(source),
    keyword: "patternProperties",
    node: compile(member),
  }));
  const others =
    additionalProperties === undefined
      ? []
      : [{ keyword: "additionalProperties", node: compile(additionalProperties) }];
  /** What the member `name` must match, by which keyword. */
  const appliedTo = (name: string): readonly Applied[] => {
    const own = declared.get(name);
    const matching = patterns.filter(({ matches }) => matches(name));
    if (own !== undefined) return [own, ...matching];
    return matching.length > 0 ? matching : others;
  };
  const checkFor = (name: string): Check => allOf(appliedTo(name).map(({ node }) => node.check));
  /** Patterns are not run before there is a value: some take long. */
  const checkLater = (name: string): Check => {
    let check: Check | undefined;
    return (member) => {
      check ??= checkFor(name);
      return check(member);
    };
  };
  const mentioned = [...new Set([...declared.keys(), ...required])].map((name, index): Mentioned => {
    const check = patterns.length > 0 ? checkLater(name) : checkFor(name);
    return { name, index, check, requires: required.has(name) ? 1 : 0 };
  });
  const mentionedByName = new Map(mentioned.map((mention) => [mention.name, mention]));
  const checkOther = allOf(others.map(({ node }) => node.check));
  return {
    keyword: "required",
    check: (object) => {
      let missing = required.size;
      let next = 0; // members mostly come in the order of the schema
      for (const name in object) {
        const member = object[name];
        if (member === undefined || !isOwn.call(object, name)) continue;
        let mention = mentioned[next];
        if (mention?.name !== name) mention = mentionedByName.get(name);
        if (mention !== undefined) {
          if (!mention.check(member)) return false;
          missing -= mention.requires;
          next = mention.index + 1;
        } else if (patterns.length > 0 ? !checkFor(name)(member) : !checkOther(member)) {
          return false;
        }
      }
      return missing === 0;
    },
    *visits(object) {
      for (const name of namesOf(object)) {
        for (const { keyword, node } of appliedTo(name)) yield { keyword, node, name };
      }
    },
    expected: (object) => {
      const missing = [...required].find((name) => !has(object, name));
      return `must have property ${JSON.stringify(missing)}`;
    },
  };
}
