/**
 * Procedures with items, in one direction or both, and an event.
 */
import {
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
export const follow = {
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
};

/** @type {Procedure} */
export const join = {
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
};

/** @type {Procedure} */
export const upload = {
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
};

/** @type {Procedure} */
export const sample = {
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
};

/** @type {Procedure} */
export const record = {
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
};
