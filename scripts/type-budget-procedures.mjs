/**
 * Ten realistic procedures that `type-budget.mjs` repeats: a definition, a handler that reads it, calls that read it.
 *
 * Each has about 1.2 KB of JSON, of what real protocols are made: nested objects, enums, discriminated unions, references,
 * recursion, `allOf`, `if`, nullable values, maps, tuples and bytes.
 */

/**
 * @typedef {object} Procedure
 * @property {string} verb the last segment of its name
 * @property {Record<string, unknown>} definition
 * @property {string} handler source of a function
 * @property {(name: string) => string} call source of statements that call it by name, with `client`
 * @property {(path: string) => string} proxyCall the same through the proxy, of which `path` is a member
 */

/** @param {Record<string, unknown>} properties @param {readonly string[]} [required] default: all */
function object(properties, required = Object.keys(properties)) {
  return { type: "object", properties, required, additionalProperties: false };
}

/** What a union or an `allOf` is made of: open, and without optional members. @param {Record<string, unknown>} properties */
function part(properties) {
  return { type: "object", properties, required: Object.keys(properties) };
}

/** @param {unknown} items */
const list = (items) => ({ type: "array", items });
/** @param {unknown} each */
const map = (each) => ({ type: "object", additionalProperties: each });
/** @param {readonly unknown[]} elements */
const tuple = (...elements) => ({
  type: "array",
  prefixItems: elements,
  minItems: elements.length,
  items: false,
});
/** @param {unknown} schema */
const nullable = (schema) => ({ anyOf: [schema, { type: "null" }] });
/** @param {readonly string[]} values */
const oneOf = (...values) => ({ type: "string", enum: values });
/** @param {string} name */
const ref = (name) => ({ $ref: `#/$defs/${name}` });

const text = { type: "string" };
const id = { type: "string", format: "uuid" };
const time = { type: "string", format: "date-time" };
const count = { type: "integer", minimum: 0 };
const amount = { type: "number" };
const flag = { type: "boolean" };
const nullableText = { type: ["string", "null"] };
const address = object({ street: text, city: text, country: oneOf("DE", "FR", "US") });

/** @type {readonly Procedure[]} */
export const procedures = [
  {
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
  },
  {
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
  },
  {
    verb: "follow",
    definition: {
      type: "stream",
      param: object({ since: count, kinds: list(oneOf("created", "moved", "deleted")) }, ["since"]),
      receive: {
        ...part({ seq: count, at: time, kind: oneOf("created", "moved", "deleted") }),
        oneOf: [
          part({ kind: { const: "created" }, item: ref("item") }),
          part({ kind: { const: "moved" }, from: text, to: text }),
          part({ kind: { const: "deleted" }, id, reason: nullableText }),
        ],
        $defs: {
          item: object({ id, title: text, labels: map(text), owner: object({ id, name: text }) }, [
            "id",
            "title",
            "owner",
          ]),
        },
      },
      result: object({ last: count, dropped: count }),
      cursor: "seq",
    },
    handler: `async function* ({ param, cursor }) {
      const seq = cursor ?? param.since;
      const item = { id: "1", title: param.kinds?.[0] ?? "", owner: { id: "2", name: "x" } };
      yield { seq, at: "now", kind: "created", item };
      yield { seq: seq + 1, at: "now", kind: "moved", from: "a", to: "b" };
      return { last: seq, dropped: 0 };
    }`,
    call: (name) => `const changes = client.stream(${name}, { param: { since: 1, kinds: ["moved"] } });
    for await (const change of changes) {
      if (change.kind === "created") read(change.item.title, change.item.owner.name, change.item.labels?.x);
      else if (change.kind === "moved") read(change.from, change.to);
      else read(change.seq, change.at);
    }
    read((await changes).last);`,
    proxyCall: (path) => `const changes = ${path}({ since: 1 });
    for await (const change of changes) if (change.kind === "deleted") read(change.id, change.reason, change.seq);
    read((await changes).dropped);`,
  },
  {
    verb: "join",
    definition: {
      type: "channel",
      param: object({ room: text, history: count }, ["room"]),
      send: {
        oneOf: [
          object({ type: { const: "say" }, text, replyTo: id }, ["type", "text"]),
          object({ type: { const: "react" }, emoji: text }),
        ],
      },
      receive: {
        oneOf: [
          object({ type: { const: "message" }, from: ref("user"), text, reactions: map(list(id)) }, [
            "type",
            "from",
            "text",
          ]),
          object({ type: { const: "presence" }, user: ref("user"), state: oneOf("here", "away") }),
          object({ type: { const: "notice" }, text }),
        ],
        $defs: { user: object({ id, avatar: nullableText }, ["id"]) },
      },
      result: object({ sent: count, reason: oneOf("left", "kicked") }),
      errors: { ROOM_FULL: { data: object({ users: count }), retryable: true }, BANNED: {} },
    },
    handler: `async ({ param, readable, writable, fail }) => {
      if (param.room === "") return fail("BANNED");
      const writer = writable.getWriter();
      let sent = param.history ?? 0;
      for await (const message of readable) {
        if (message.type === "say") await writer.write({ type: "message", from: { id: "2" }, text: message.text });
        else await writer.write({ type: "notice", text: message.emoji });
        sent += 1;
      }
      return { sent, reason: "left" };
    }`,
    call: (name) => `const room = client.channel(${name}, { param: { room: "x", history: 3 } });
    await room.send({ type: "say", text: "hi" });
    for await (const message of room.readable) {
      if (message.type === "message") read(message.from.id, message.text, message.reactions?.x);
      else if (message.type === "presence") read(message.state, message.user.avatar);
    }
    read((await room).reason);`,
    proxyCall: (path) => `const room = ${path}({ room: "x" });
    await room.send({ type: "react", emoji: "x" });
    for await (const message of room) if (message.type === "notice") read(message.text);
    read((await room).sent);`,
  },
  {
    verb: "upload",
    definition: {
      type: "channel",
      param: object(
        {
          path: text,
          mode: oneOf("create", "append"),
          size: count,
          checksum: object({ algorithm: oneOf("sha-256", "sha-512"), value: text }),
          metadata: map({ anyOf: [text, amount, flag] }),
          acl: list(object({ subject: text, rights: list(oneOf("read", "write")) })),
        },
        ["path", "mode"],
      ),
      send: { type: "string", contentEncoding: "base64" },
      result: object(
        {
          id,
          version: count,
          etag: text,
          parts: list(object({ size: count, checksum: text })),
          replaced: nullable(object({ id, version: count })),
        },
        ["id", "version", "parts", "replaced"],
      ),
      errors: { QUOTA: { data: object({ used: count, limit: count }) } },
    },
    handler: `async ({ param, readable, fail }) => {
      let size = 0;
      for await (const chunk of readable) size += chunk.byteLength;
      if (param.size !== undefined && size > param.size) return fail("QUOTA", { used: size, limit: param.size });
      const rights = param.acl?.[0]?.rights[0] ?? "read";
      const parts = [{ size, checksum: param.path }];
      return { id: param.checksum?.algorithm ?? rights, version: 1, parts, replaced: null };
    }`,
    call: (name) => `const upload = client.channel(${name}, {
      param: { path: "/x", mode: "create", metadata: { a: 1, b: "c" }, acl: [{ subject: "x", rights: ["read"] }] },
    });
    await upload.send(new Uint8Array(3));
    const stored = await upload;
    read(stored.id, stored.parts[0]?.checksum, stored.replaced?.version, stored.etag);`,
    proxyCall: (path) => `const stored = await ${path}({ path: "/x", mode: "append" });
    read(stored.version, stored.parts[0]?.size, stored.replaced?.id);`,
  },
  {
    verb: "sample",
    definition: {
      type: "stream",
      param: object({ interval: count, names: list(text), labels: map(text) }, ["interval"]),
      receive: {
        allOf: [
          ref("point"),
          ref("labelled"),
          {
            type: "object",
            properties: { histogram: ref("histogram"), gauges: map(amount) },
            required: ["gauges"],
          },
        ],
        $defs: {
          point: part({ timestamp: amount, host: text, process: part({ pid: count, title: text }) }),
          labelled: {
            type: "object",
            properties: { labels: map(text), unit: oneOf("bytes", "seconds") },
            required: ["labels"],
          },
          histogram: object({ counts: list(count), quantiles: object({ p50: amount, p99: amount }) }, [
            "counts",
          ]),
        },
      },
      result: object({ totalSamples: count, slowest: nullable(object({ name: text, ms: amount })) }),
    },
    handler: `async ({ param, writable, signal }) => {
      const writer = writable.getWriter();
      const process = { pid: 1, title: param.names?.[0] ?? "" };
      for (let totalSamples = 0; ; totalSamples += 1) {
        if (signal.aborted) return { totalSamples, slowest: null };
        const labels = param.labels ?? {};
        await writer.write({ timestamp: param.interval, host: "", process, labels, gauges: { cpu: 1 } });
      }
    }`,
    call: (
      name,
    ) => `const samples = client.stream(${name}, { param: { interval: 5, labels: { a: "b" } }, timeout: 9 });
    for await (const point of samples.readable) {
      read(point.timestamp, point.process.pid, point.labels.x, point.unit, point.histogram?.quantiles?.p99);
    }
    read((await samples).slowest?.name);`,
    proxyCall: (path) => `const samples = ${path}({ interval: 500 });
    for await (const point of samples) read(point.host, point.process.title, point.gauges.cpu);
    read((await samples).totalSamples);`,
  },
  {
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
  },
  {
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
  },
  {
    verb: "record",
    definition: {
      type: "event",
      data: {
        ...object(
          {
            id,
            actor: {
              oneOf: [
                object({ kind: { const: "user" }, session: text }),
                object({ kind: { const: "service" }, instance: text }),
              ],
            },
            action: oneOf("login", "read", "write", "grant"),
            subject: object({ type: text, id, name: nullableText }, ["type", "id"]),
            changes: list(ref("change")),
            location: object({ country: text, point: tuple(amount, amount) }, ["country"]),
            labels: map(text),
          },
          ["id", "actor", "action", "subject"],
        ),
        $defs: {
          change: object({ path: text, before: ref("value"), after: ref("value") }, ["path"]),
          value: { anyOf: [text, amount, { type: "null" }] },
        },
      },
      tags: ["audit"],
    },
    handler: `({ data, log }) => {
      const who = data.actor.kind === "user" ? data.actor.session : data.actor.instance;
      const latitude = data.location?.point?.[0] ?? 0;
      log.info(data.action, { who, latitude, name: data.subject.name, after: data.changes?.[0]?.after });
    }`,
    call: (name) => `await client.event(${name}, {
      data: {
        id: "1",
        actor: { kind: "service", instance: "y" },
        action: "grant",
        subject: { type: "role", id: "2" },
        changes: [{ path: "/x", after: 3 }],
        location: { country: "DE", point: [1, 2] },
      },
    });`,
    proxyCall: (path) => `const actor = { kind: "user", session: "x" } as const;
    await ${path}({ id: "1", actor, action: "read", subject: { type: "t", id: "2" } });`,
  },
  {
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
  },
];
