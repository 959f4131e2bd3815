/**
 * Mutants of what is judged before it is believed: sizes, names, rules of access.
 */

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

const protocol = "packages/protocol";

/** @type {readonly Mutant[]} */
export const limits = [
  {
    name: "MessagePack is judged after it was unpacked",
    known: "limit checked after decode",
    patches: [
      {
        file: `${protocol}/src/codec/msgpack-codec.ts`,
        find: "    checkMsgpack(bytes, start, end, this.#limits, utf8);\n    // A plain view: the unpacker makes byte strings of its source's class.\n    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));\n",
        replace:
          "    const value = packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));\n    checkMsgpack(bytes, start, end, this.#limits, utf8);\n    return value;\n",
      },
    ],
    tests: [
      `${protocol}/test/codec/hostile-payloads.test.ts`,
      `${protocol}/test/codec/msgpack-codec.test.ts`,
    ],
    why: "A small payload that announces much would take memory before it is refused.",
  },
  {
    name: "JSON is judged after it was parsed",
    known: "limit checked after decode",
    patches: [
      {
        file: `${protocol}/src/codec/json-codec.ts`,
        find: "    if (end - start > 2 * this.#limits.maxNodes) checkJson(text, this.#limits);\n",
        replace: "",
      },
    ],
    tests: [`${protocol}/test/codec/hostile-payloads.test.ts`, `${protocol}/test/codec/json-codec.test.ts`],
    why: "Empty objects cost their receiver twenty times what they cost their sender.",
  },
  {
    name: "a message is judged when its last piece is here",
    known: "limit checked after decode",
    patches: [
      {
        file: `${protocol}/src/session/reassembly.ts`,
        find: "    checkMessage(total, this.#limits.maxMessage);\n    const bytes = piece.end - piece.start;\n",
        replace: "    const bytes = piece.end - piece.start;\n",
      },
      {
        file: `${protocol}/src/session/reassembly.ts`,
        find: "    this.#append(piece, unfinished);\n    if (piece.more) return undefined;\n",
        replace:
          "    this.#append(piece, unfinished);\n    if (piece.more) return undefined;\n    checkMessage(unfinished.total, this.#limits.maxMessage);\n",
      },
    ],
    tests: [`${protocol}/test/session/reassembly.test.ts`],
    why: "A peer would have any amount kept before it is refused.",
  },
  {
    name: "a frame's length is not judged before its body",
    known: "limit checked after decode",
    patches: [
      {
        file: `${protocol}/src/frame/decode-frames.ts`,
        find: "      const frameLength = readU32(chunk, at);\n      checkLength(frameLength);\n",
        replace: "      const frameLength = readU32(chunk, at);\n",
      },
    ],
    tests: [`${protocol}/test/frame/decode-frames.test.ts`, `${protocol}/test/frame/frame-fuzz.test.ts`],
    why: "Four bytes would announce 4 GiB, and be waited for.",
  },
  {
    name: "a message of exactly the limit is refused",
    known: "limit `>=`/`>`",
    patches: [
      {
        file: `${protocol}/src/session/reassembly.ts`,
        find: "  if (total <= most) return;\n",
        replace: "  if (total < most) return;\n",
      },
    ],
    tests: [`${protocol}/test/session/reassembly.test.ts`, `${protocol}/test/session/arrivals.test.ts`],
    why: "What a sender judges as allowed would end its session.",
  },
  {
    name: "what JSON.parse made is copied member by member",
    known: "`JSON.parse` value assigned with `obj[k]=`",
    patches: [
      {
        file: `${protocol}/src/codec/json-codec.ts`,
        find: "    return this.#bytes === undefined ? value : this.#bytes.fromText(value);\n",
        replace:
          "    const copy = (one: any): any => {\n      if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;\n      const made: any = {};\n      for (const key of Object.keys(one)) made[key] = copy(one[key]);\n      return made;\n    };\n    return this.#bytes === undefined ? copy(value) : this.#bytes.fromText(copy(value));\n",
      },
    ],
    tests: [`${protocol}/test/codec/hostile-names.test.ts`, `${protocol}/test/codec/json-codec.test.ts`],
    why: "A member called `__proto__` would change what an object inherits.",
  },
  {
    name: "what a peer says of itself may set a prototype",
    known: "`JSON.parse` value assigned with `obj[k]=`",
    patches: [
      {
        file: `${protocol}/src/session/handshake.ts`,
        find: '    if (typeof value === "string" && name !== "__proto__") read[name] = value;\n',
        replace: '    if (typeof value === "string" || name === "__proto__") read[name] = value as string;\n',
      },
    ],
    tests: [`${protocol}/test/session/other-peer.test.ts`],
    why: "A HELLO would change what an object of the server inherits.",
  },
  {
    name: "a rule that says no is overruled by one that fits better",
    patches: [
      {
        file: "packages/server/src/access.ts",
        find: "    if (fitting.some(({ rule }) => rule === false)) return false;\n",
        replace: "",
      },
    ],
    tests: ["packages/server/test/access.test.ts"],
    why: "`admin/*: false` would not close `admin/users`.",
  },
  {
    name: "what no rule names is allowed",
    patches: [
      {
        file: "packages/server/src/access.ts",
        find: "return fitting[0]?.rule ?? false;",
        replace: "return fitting[0]?.rule ?? true;",
      },
    ],
    tests: ["packages/server/test/access.test.ts"],
    why: "A procedure that somebody adds would be everybody's.",
  },
  {
    name: "who is refused learns why `authenticate` threw",
    patches: [
      {
        file: "packages/server/src/connection-acceptor.ts",
        find: 'throw new SluiceError("UNAUTHENTICATED", "The credentials were refused", { cause });',
        replace: 'throw new SluiceError("UNAUTHENTICATED", String(cause), { cause });',
      },
    ],
    tests: [
      "packages/server/test/connection-acceptor.test.ts",
      "packages/server/test/connection-acceptor-access.test.ts",
    ],
    why: "Names of users and databases would reach who has no business here.",
  },
];
