/** Keywords for arrays: their length, their elements, `contains` and `uniqueItems`. */
import { hasUniqueItems } from "./equality.ts";
import { type RulesOf, rulesBy } from "./rule.ts";

export const arrayRules: RulesOf<readonly unknown[]> = rulesBy({
  minItems: (min) => ({
    check: (array) => array.length >= min,
    expected: () => `must have ${min} or more items`,
  }),
  maxItems: (max) => ({
    check: (array) => array.length <= max,
    expected: () => `must have ${max} or fewer items`,
  }),
  prefixItems: (prefix, _, { compile }) => {
    const nodes = prefix.map(compile);
    return {
      check: (array) => {
        for (let i = 0; i < nodes.length && i < array.length; i++) {
          if (!nodes[i]?.check(array[i])) return false;
        }
        return true;
      },
      visits: (array) =>
        nodes.slice(0, array.length).map((node, name) => ({ node, keyword: "prefixItems", name })),
    };
  },
  items: (items, { prefixItems = [] }, { compile }) => {
    const node = compile(items);
    const { check } = node;
    const from = prefixItems.length;
    return {
      check: (array) => {
        for (let i = from; i < array.length; i++) if (!check(array[i])) return false;
        return true;
      },
      *visits(array) {
        for (let name = from; name < array.length; name++) yield { node, keyword: "items", name };
      },
    };
  },
  contains: (contained, { minContains = 1, maxContains }, { compile }) => {
    const node = compile(contained);
    const matchesIn = (array: readonly unknown[]) => [...array.keys()].filter((i) => node.check(array[i]));
    return {
      check: (array) => {
        const { length } = matchesIn(array);
        return length >= minContains && !(maxContains !== undefined && length > maxContains);
      },
      visits: (array) => matchesIn(array).map((name) => ({ node, keyword: "contains", name })),
      expected: () =>
        `must contain ${minContains}${maxContains === undefined ? " or more" : ` to ${maxContains}`} of the described items`,
    };
  },
  uniqueItems: (isWanted) => ({
    check: (array) => !isWanted || hasUniqueItems(array),
    expected: () => "must have no two equal items",
  }),
});
