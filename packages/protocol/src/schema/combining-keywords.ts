/** Keywords for values of any type: `const`, `enum`, and those that combine schemas for one and the same value. */
import type { JsonSchema } from "../definition/json-schema.ts";
import { isOneOf } from "./equality.ts";
import { discriminatorOf, haveDistinctTypes } from "./exclusive-branches.ts";
import { mustBeOfType, mustBeOneOf } from "./issue.ts";
import { ownMember } from "./keywords.ts";
import type { PlainSchema } from "./plain-schema.ts";
import {
  allOf,
  anyOf,
  type Check,
  type Compiler,
  type Rule,
  type RulesOf,
  rulesBy,
  type SchemaNode,
} from "./rule.ts";

export const combiningRules: RulesOf<unknown> = rulesBy({
  const: (value) => ({ check: isOneOf([value]), expected: () => mustBeOneOf([value]) }),
  enum: (values) => ({ check: isOneOf(values), expected: () => mustBeOneOf(values) }),
  $ref: (reference, schema, compiler) => everyRule("$ref", [compiler.compileReferenced(reference, schema)]),
  allOf: (schemas, _, { compile }) => everyRule("allOf", schemas.map(compile)),
  anyOf: (schemas, _, compiler) => branchRule("anyOf", schemas, compiler),
  oneOf: (schemas, _, compiler) => branchRule("oneOf", schemas, compiler),
  not: (excluded, _, { compile }) => {
    const { check } = compile(excluded);
    return { check: (value) => !check(value), expected: () => "must not match what is excluded" };
  },
  if: (condition, { then = true, else: otherwise = true }, { compile }) => {
    const test = { node: compile(condition), keyword: "if" };
    const met = { node: compile(then), keyword: "then" };
    const unmet = { node: compile(otherwise), keyword: "else" };
    return {
      check: (value) => (test.node.check(value) ? met : unmet).node.check(value),
      visits: (value) => (test.node.check(value) ? [test, met] : [unmet]),
    };
  },
});

function everyRule(keyword: string, nodes: readonly SchemaNode[]): Rule {
  return {
    check: allOf(nodes.map((node) => node.check)),
    visits: () => nodes.map((node) => ({ node, keyword })),
  };
}

function branchRule(keyword: "anyOf" | "oneOf", branches: readonly JsonSchema[], compiler: Compiler): Rule {
  const nodes = branches.map(compiler.compile);
  const checks = nodes.map((node) => node.check);
  const types = branches.map(typesOf);
  const discriminator = discriminatorOf(branches, compiler.resolve);
  const nodeByTag = new Map([...(discriminator?.branches ?? [])].map(([tag, index]) => [tag, nodes[index]]));
  const nodeFor = (value: unknown) =>
    discriminator && nodeByTag.get(ownMember(value, discriminator.property));
  const suitable = (value: unknown): readonly SchemaNode[] => {
    const tagged = nodeFor(value);
    return tagged === undefined ? nodes.filter((node) => node.suits(value)) : [tagged];
  };
  return {
    check:
      discriminator !== undefined
        ? (value) => nodeFor(value)?.check(value) === true
        : keyword === "anyOf" || haveDistinctTypes(branches, compiler.resolve)
          ? anyOf(checks)
          : exactlyOneOf(checks),
    visits: (value) => {
      const matching = nodes.filter((node) => node.check(value));
      const meant = matching.length > 0 ? matching : suitable(value);
      // Of several branches that refuse the value nobody can tell which one was meant.
      return matching.length === 0 && meant.length > 1 ? [] : meant.map((node) => ({ node, keyword }));
    },
    expected: (value) => {
      const isOfOtherType = suitable(value).length === 0 && types.every((type) => type.length > 0);
      if (isOfOtherType) return mustBeOfType(types.flat());
      return discriminator === undefined
        ? `must match ${keyword === "anyOf" ? "one" : "exactly one"} of the alternatives`
        : `property ${JSON.stringify(discriminator.property)} ${mustBeOneOf([...nodeByTag.keys()])}`;
    },
  };
}

function typesOf(branch: PlainSchema): string | readonly string[] {
  if (typeof branch === "boolean") return [];
  return branch.bytes ? "bytes" : (branch.type ?? []);
}

function exactlyOneOf(checks: readonly Check[]): Check {
  return (value) => {
    let count = 0;
    for (let i = 0; i < checks.length && count < 2; i++) if ((checks[i] as Check)(value)) count++;
    return count === 1;
  };
}
