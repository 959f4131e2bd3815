/**
 * Procedures with one answer: requests with unions, references, recursion, conditions and positional arguments.
 */
import {
  address,
  amount,
  count,
  flag,
  id,
  list,
  map,
  nullable,
  nullableText,
  object,
  oneOf,
  part,
  ref,
  text,
  time,
  tuple,
} from "./schemas.mjs";

/** @typedef {import("./procedures.mjs").Procedure} Procedure */

/** @type {Procedure} */
export const create = {
  verb: "create",
  definition: {
    type: "request",
    description: "Registers a customer and sends the invitation",
    param: object(
      {
        email: { type: "string", format: "email" },
        name: object({ first: text, last: text, middle: nullableText }, ["first", "last"]),
        role: oneOf("owner", "admin", "member"),
        address,
        tags: list(text),
        limits: object({ seats: count, projects: count }, []),
      },
      ["email", "name", "role"],
    ),
    result: object({ id, createdAt: time, address: nullable(address) }),
    errors: { EMAIL_TAKEN: { data: object({ since: time }) }, SEATS_EXHAUSTED: { retryable: true } },
  },
  handler: `async ({ param, fail }) => {
    if (param.tags?.includes("blocked")) return fail("EMAIL_TAKEN", { since: param.name.first });
    const seats = param.limits?.seats ?? 0;
    return { id: param.name.last + seats, createdAt: param.role, address: param.address ?? null };
  }`,
  call: (name) => `const created = await client.request(${name}, {
    param: { email: "a@b.c", name: { first: "A", last: "B" }, role: "admin", limits: { seats: 3 } },
  });
  read(created.id, created.createdAt, created.address?.city);`,
  proxyCall: (
    path,
  ) => `const created = await ${path}({ email: "", name: { first: "A", last: "B" }, role: "owner" });
  read(created.id, created.address?.country);`,
};

/** @type {Procedure} */
export const search = {
  verb: "search",
  definition: {
    type: "request",
    idempotent: true,
    param: object(
      {
        text,
        status: { anyOf: [{ const: "any" }, list(oneOf("open", "paid", "sent"))] },
        total: object({ from: amount, to: amount }, []),
        page: object({ after: text, size: { type: "integer", default: 50 } }, []),
      },
      [],
    ),
    result: {
      ...object({ orders: list(ref("order")), next: nullableText, totals: map(amount) }),
      $defs: {
        order: object({ id, customer: ref("customer"), lines: list(ref("line")) }),
        customer: object({ id, name: text, since: time }, ["id", "name"]),
        line: object({ sku: text, price: ref("money"), note: nullableText }, ["sku", "price"]),
        money: object({ amount, currency: oneOf("EUR", "USD") }),
      },
    },
  },
  handler: `({ param }) => {
    const status = param.status === "any" ? "open" : (param.status?.[0] ?? "open");
    const price = { amount: param.total?.from ?? 0, currency: "EUR" as const };
    const line = { sku: \`\${param.text} \${param.page?.size} \${status}\`, price };
    return { orders: [{ id: "1", customer: { id: "2", name: "x" }, lines: [line] }], next: null, totals: { EUR: 1 } };
  }`,
  call: (
    name,
  ) => `const found = await client.request(${name}, { param: { status: ["open"], page: { size: 10 } } });
  for (const { customer, lines } of found.orders) read(customer.since, lines[0]?.price.currency, lines[0]?.note);
  read(found.next, found.totals.EUR);`,
  proxyCall: (path) => `const found = await ${path}({ text: "x" });
  read(found.orders[0]?.customer.name, found.orders[0]?.lines[0]?.price.amount, found.next);`,
};

/** @type {Procedure} */
export const tree = {
  verb: "tree",
  definition: {
    type: "request",
    idempotent: true,
    param: object(
      {
        root: nullable(id),
        depth: count,
        include: list(oneOf("size", "owner")),
        filter: object({ name: text, changed: object({ after: time, before: time }, []) }, []),
      },
      ["root"],
    ),
    result: {
      ...object({ tree: ref("node"), statistics: object({ nodes: count, byType: map(count) }) }),
      $defs: {
        node: object(
          {
            id,
            name: text,
            kind: oneOf("folder", "file"),
            size: count,
            owner: object({ id, groups: list(text) }, ["id"]),
            children: list(ref("node")),
            target: nullable(ref("node")),
            history: list(object({ at: time, action: oneOf("created", "moved") })),
          },
          ["id", "name", "kind", "children"],
        ),
      },
    },
  },
  handler: `({ param }) => {
    const leaf = { id: "1", name: param.filter?.name ?? "", kind: "file" as const, children: [] };
    const name = param.include?.[0] ?? "";
    const tree = { id: param.root ?? "", name, kind: "folder" as const, children: [leaf], target: null };
    return { tree, statistics: { nodes: param.depth ?? 1, byType: {} } };
  }`,
  call: (name) => `const { tree, statistics } = await client.request(${name}, {
    param: { root: null, include: ["size"], filter: { changed: { after: "x" } } },
  });
  const grandchild = tree.children[0]?.children[0];
  read(grandchild?.owner?.groups, tree.target?.kind, tree.history?.[0]?.action, statistics.byType.file);`,
  proxyCall: (path) => `const { tree, statistics } = await ${path}({ root: "x", depth: 3 });
  read(tree.name, tree.children[0]?.target?.size, statistics.nodes);`,
};

/** @type {Procedure} */
export const configure = {
  verb: "configure",
  definition: {
    type: "request",
    param: object(
      {
        dryRun: flag,
        settings: {
          ...part({ name: text }),
          patternProperties: { "^x-": text },
          additionalProperties: { anyOf: [text, amount, flag] },
        },
        transport: {
          ...part({ secure: flag, host: text }),
          if: part({ secure: { const: true } }),
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: part({ certificate: text }),
          else: part({ allowInsecure: { const: true } }),
        },
        schedule: {
          oneOf: [object({ every: amount, unit: oneOf("s", "h") }), object({ cron: text })],
        },
      },
      ["settings", "transport"],
    ),
    result: object({
      applied: flag,
      changed: list(object({ path: text, before: true, after: true }, ["path"])),
      warnings: list(object({ code: oneOf("unknown", "unsafe"), text })),
    }),
    errors: { CONFLICT: { data: object({ revision: count, by: text }) } },
  },
  handler: `async ({ param, fail, log }) => {
    log.info("configure", { host: param.transport.host });
    if (param.dryRun) return fail("CONFLICT", { revision: 1, by: param.settings.name });
    const every = param.schedule !== undefined && "every" in param.schedule ? param.schedule.every : 0;
    const warnings = [{ code: "unsafe" as const, text: "" }];
    return { applied: param.transport.secure, changed: [{ path: "/x", after: every }], warnings };
  }`,
  call: (name) => `const transport = { secure: true, host: "h", certificate: "c" } as const;
  const configured = await client.request(${name}, {
    param: { settings: { name: "y", "x-a": "b", extra: 3 }, transport, schedule: { every: 1, unit: "h" } },
  });
  read(configured.changed[0]?.path, configured.changed[0]?.before, configured.warnings[0]?.code);`,
  proxyCall: (path) => `const transport = { secure: false, host: "h", allowInsecure: true } as const;
  const configured = await ${path}({ settings: { name: "y" }, transport });
  read(configured.applied, configured.warnings[0]?.text);`,
};

/** @type {Procedure} */
export const route = {
  verb: "route",
  definition: {
    type: "request",
    idempotent: true,
    param: {
      ...tuple(ref("place"), ref("place"), object({ mode: oneOf("bike", "car"), avoid: list(text) }, [])),
      minItems: 2,
      $defs: { place: { oneOf: [object({ point: tuple(amount, amount) }), object({ address })] } },
    },
    result: object(
      {
        legs: list(
          object(
            {
              metres: amount,
              steps: list(object({ text, turn: oneOf("left", "right") })),
              shape: { type: "string", contentEncoding: "base64" },
            },
            ["metres", "steps"],
          ),
        ),
        bounds: tuple(amount, amount, amount, amount),
        toll: nullable(object({ amount, currency: { const: "EUR" } })),
      },
      ["legs", "bounds", "toll"],
    ),
    errors: { NO_ROUTE: { data: object({ nearest: tuple(amount, amount) }) } },
  },
  handler: `({ param: [from, to, options], fail }) => {
    const start = "point" in from ? from.point : fail("NO_ROUTE", { nearest: [1, 2] });
    const city = "address" in to ? to.address.city : "";
    const step = { text: \`\${options?.mode} \${options?.avoid?.[0]}\`, turn: "left" as const };
    const bounds: [number, number, number, number] = [0, 0, ...start];
    return { legs: [{ metres: start[0] + city.length, steps: [step] }], bounds, toll: null };
  }`,
  call: (name) => `const route = await client.request(${name}, {
    param: [{ point: [1, 2] }, { address: { street: "s", city: "c", country: "FR" } }, { mode: "bike" }],
  });
  read(route.legs[0]?.steps[0]?.turn, route.legs[0]?.shape?.byteLength, route.bounds[3], route.toll?.currency);`,
  proxyCall: (
    path,
  ) => `const route = await ${path}({ point: [1, 2] }, { point: [3, 4] }, { mode: "car" }, { timeout: 9 });
  read(route.legs[0]?.metres, route.bounds[0], route.toll?.amount);`,
};
