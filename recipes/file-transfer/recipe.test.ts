/** The transfers as the README runs them; and what must not happen: files outside of the folder, half files, unbounded memory. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Client, connect } from "@sluice/client";
import { isError } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { download, upload } from "./client.ts";
import { type Files, files } from "./protocol.ts";
import { makeServer } from "./server.ts";

const maxBytes = 1024 * 1024;
const content = randomBytes(700_000);

let folder: string;
let store: string;
let source: string;
let address: string;
let server: Server<Files>;
let client: Client<Files>;
let program: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-transfer-test-"));
  store = join(folder, "store");
  source = join(folder, "source.bin");
  address = `unix:${join(folder, "files.sock")}`;
  await mkdir(store);
  await writeFile(source, content);
  server = makeServer(store, maxBytes);
  await server.listen(address);
  client = await connect(address, { protocol: files });
});

afterEach(async () => {
  program?.kill("SIGKILL");
  await client.dispose();
  await server.dispose();
  await rm(folder, { recursive: true });
});

/** Resolves when the next handler has come to its end. */
function handlerEnd(): Promise<void> {
  return new Promise((resolve) => {
    server.on("call:end", () => resolve());
    server.on("call:error", () => resolve());
  });
}

/** A few chunks, and then nothing, neither more nor the end. `asked` resolves when the first ones are on their way. */
function unfinished(): { source: AsyncIterable<Uint8Array>; asked: Promise<void> } {
  let hasAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    hasAsked = resolve;
  });
  async function* chunks() {
    for (let at = 0; at < 4; at++) yield content.subarray(at * 65_536, (at + 1) * 65_536);
    hasAsked();
    await new Promise(() => {});
  }
  return { source: chunks(), asked };
}

test("prints what its README shows, with 8 MiB", async () => {
  const { scripts } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
  const [node, ...args] = scripts.start.split(" ");
  const child = spawn(node, args, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: { ...process.env, SLUICE_DEMO_MIB: "8" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  program = child;
  const [printed, end] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(end).toEqual([0, null]);
  const quarters = (what: string) => [25, 50, 75, 100].map((percent) => `${what} ${percent} %`);
  expect(
    printed
      .trimEnd()
      .replaceAll(/\d+\.\d s/g, "… s")
      .split("\n"),
  ).toEqual([
    ...quarters("up"),
    "8 MiB up … s sha256 ok",
    ...quarters("down"),
    "8 MiB down … s sha256 ok",
    '"../x" refused',
    '"/etc/passwd" refused',
    '"a\\u0000b" refused',
    ...quarters("up again").slice(0, 2),
    "aborted: no temporary file is left",
  ]);
});

test("what was uploaded is what is downloaded, and an upload replaces what had its name", async () => {
  await writeFile(join(store, "a.bin"), "old");
  const up = await upload(client, source, { name: "a.bin" });
  const down = await download(client, "a.bin", join(folder, "copy.bin"));
  expect(down).toEqual(up);
  expect(content.equals(await readFile(join(folder, "copy.bin")))).toBe(true);
  expect(await readdir(store)).toEqual(["a.bin"]);
});

describe.each<[string, string]>([
  ["a folder above", "../x"],
  ["an absolute path", "/etc/passwd"],
  ["NUL", "a\0b"],
  ["a folder inside", "a/b"],
  ["a separator of another system", "..\\x"],
  ["a drive", "C:x"],
  ["the folder itself", "."],
  ["the folder above itself", ".."],
  ["a hidden file", ".profile"],
  ["a temporary file", ".0.part"],
  ["nothing", ""],
  ["a line break", "a\nb"],
  ["200 bytes and more", "ä".repeat(101)],
])("a name that means %s", (_what, name) => {
  test("is refused with the declared error, and nothing is written", async () => {
    const outcomes = [
      upload(client, source, { name }).catch((error) =>
        isError(error, files, "files/upload", "NAME_REFUSED"),
      ),
      client
        .stream("files/download", { param: { name } })
        .result.catch((error) => isError(error, files, "files/download", "NAME_REFUSED")),
      client
        .request("files/size", { param: { name } })
        .catch((error) => isError(error, files, "files/size", "NAME_REFUSED")),
    ];
    expect(await Promise.all(outcomes)).toEqual([true, true, true]);
    expect(await readdir(store)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(["files.sock", "source.bin", "store"]);
  });
});

test("a link in the folder is not followed, neither to read nor to write", async () => {
  await symlink(source, join(store, "link"));
  await expect(download(client, "link", join(folder, "copy"))).rejects.toMatchObject({
    code: "NO_SUCH_FILE",
  });
  expect(await readlink(join(store, "link"))).toBe(source);
  await writeFile(join(folder, "other"), "other");
  await upload(client, join(folder, "other"), { name: "link" });
  expect(content.equals(await readFile(source))).toBe(true);
  expect(await readFile(join(store, "link"), "utf8")).toBe("other");
});

describe("an upload that does not come to its end leaves no file, and the old one as it was", () => {
  beforeEach(() => writeFile(join(store, "a.bin"), "old"));

  afterEach(async () => {
    expect(await readdir(store)).toEqual(["a.bin"]);
    expect(await readFile(join(store, "a.bin"), "utf8")).toBe("old");
  });

  const param = { name: "a.bin", size: content.length };

  /** Begins an upload, and waits until its temporary file is there. */
  async function begun(by: Client<Files> = client) {
    const { source: send, asked } = unfinished();
    const call = by.channel("files/upload", { param, send });
    call.result.catch(() => {});
    await asked;
    expect(await readdir(store)).toHaveLength(2);
    return { call };
  }

  test("when the client aborts", async () => {
    const end = handlerEnd();
    const { call } = await begun();
    call.abort();
    await expect(call.result).rejects.toMatchObject({ code: "CANCELLED" });
    await end;
  });

  test("when the client closes the call", async () => {
    const end = handlerEnd();
    const { call } = await begun();
    await call.close();
    await expect(call.result).rejects.toMatchObject({
      code: expect.stringMatching(/^(WRONG_SIZE|CANCELLED)$/),
    });
    await end;
  });

  test("when the connection is lost", async () => {
    const end = handlerEnd();
    const socket = connectSocket(join(folder, "files.sock"));
    const transport = new SocketTransport({ socket: () => socket });
    const lost = new Client<Files>({ protocol: files, transport, reconnect: false });
    const { call } = await begun(lost);
    socket.destroy();
    await expect(call.result).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await end;
    await lost.dispose();
  });

  test("when the server shuts down", async () => {
    const { call } = await begun();
    await server.dispose();
    await expect(call.result).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test.each([
    ["fewer", content.length + 1],
    ["more", content.length - 1],
  ])("when %s bytes come than were announced", async (_what, size) => {
    const send = new Blob([content]).stream();
    const call = client.channel("files/upload", { param: { name: "a.bin", size }, send });
    const error = await call.result.catch((reason) => reason);
    expect(isError(error, files, "files/upload", "WRONG_SIZE") && error.data).toEqual({
      received: content.length,
    });
  });

  test("when it is larger than the server takes", async () => {
    const call = client.channel("files/upload", { param: { name: "a.bin", size: maxBytes + 1 } });
    await expect(call.result).rejects.toMatchObject({ code: "TOO_LARGE", data: { most: maxBytes } });
  });
});

test("a download that is given up leaves no file", async () => {
  await upload(client, source, { name: "a.bin" });
  const giveUp = new AbortController();
  await mkdir(join(folder, "copies"));
  const copy = download(client, "a.bin", join(folder, "copies", "a.bin"), {
    signal: giveUp.signal,
    onProgress: () => giveUp.abort(),
  });
  await expect(copy).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await readdir(join(folder, "copies"))).toEqual([]);
});

describe("with a server of another make", () => {
  /** The same protocol, other handlers. */
  async function connectTo(handlers: ConstructorParameters<typeof Server<Files>>[0]["handlers"]) {
    await client.dispose();
    await server.dispose();
    server = new Server<Files>({
      protocol: files,
      public: true,
      ...(handlers === undefined ? {} : { handlers }),
    });
    await server.listen(address);
    client = await connect(address, { protocol: files });
  }
  const digest = { bytes: content.length, sha256: "0".repeat(64) };

  test("a wrong checksum is noticed, in both directions", async () => {
    await connectTo({
      "files/upload": async ({ readable }) => {
        for await (const _ of readable);
        return digest;
      },
      "files/download": async function* () {
        yield content;
        return digest;
      },
      "files/size": () => content.length,
    });
    await expect(upload(client, source)).rejects.toThrow("The checksums differ");
    await expect(download(client, "a", join(store, "a"))).rejects.toThrow("The checksums differ");
    expect(await readdir(store)).toEqual([]);
  });

  test("a file is read no faster than the server takes it", async () => {
    let takeAll = () => {};
    const allowed = new Promise<void>((resolve) => {
      takeAll = resolve;
    });
    let taken = 0;
    await connectTo({
      "files/upload": async ({ readable, signal }) => {
        signal.addEventListener("abort", takeAll); // so that a red test ends soon
        for await (const chunk of readable) {
          taken += chunk.length;
          await allowed; // after the first one
        }
        return digest;
      },
      "files/download": () => digest,
      "files/size": () => 0,
    });
    let read = 0;
    let quietCalls = 0;
    const onProgress = (bytes: number) => {
      read = bytes;
      quietCalls = 0;
    };
    const uploaded = upload(client, source, { onProgress });
    uploaded.catch(() => {});
    for (; read === 0 || quietCalls < 50; quietCalls++)
      await client.request("files/size", { param: { name: "a" } }); // until nothing moves any more
    expect(read).toBeLessThanOrEqual(3 * 65_536); // a window, and the chunk that waits
    takeAll();
    await expect(uploaded).rejects.toThrow("The checksums differ"); // the digest above is nobody's
    expect(taken).toBe(content.length);
  });
});
