/**
 * Sends a file to a server in a process of its own, gets it back, and gives up a third transfer in the middle.
 *
 * `SLUICE_DEMO_MIB` is the size of the file, 100 MiB if not set.
 */
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "@sluice/client";
import { isError, SluiceError } from "@sluice/protocol";
import { download, upload } from "./client.ts";
import { files } from "./protocol.ts";

const mebibytes = Number(process.env.SLUICE_DEMO_MIB ?? 100);
const folder = await mkdtemp(join(tmpdir(), "file-transfer-"));
const store = join(folder, "store");
const [source, copy] = [join(folder, "random.bin"), join(folder, "copy.bin")];
const address = `unix:${join(folder, "files.sock")}`;

/** Says how far a transfer is, a quarter at a time. */
function quarters(what: string): (bytes: number, of: number) => void {
  let said = 0;
  return (bytes, of) => {
    for (const now = Math.floor((4 * bytes) / of); said < now; ) console.log(`${what} ${++said * 25} %`);
  };
}

async function timed(
  what: string,
  transfer: (onProgress: (bytes: number, of: number) => void) => Promise<unknown>,
) {
  const start = performance.now();
  await transfer(quarters(what)); // rejects if the checksums differ
  console.log(`${mebibytes} MiB ${what} ${((performance.now() - start) / 1_000).toFixed(1)} s sha256 ok`);
}

await mkdir(store);
const random = await open(source, "w");
for (let at = 0; at < mebibytes; at++) await random.writeFile(randomFillSync(new Uint8Array(1024 * 1024)));
await random.close();

const program = fileURLToPath(new URL("server.ts", import.meta.url));
const server = spawn(process.execPath, [...process.execArgv, program, store, address], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  await once(createInterface(server.stdout), "line"); // it listens
  const client = await connect(address, { protocol: files });

  await timed("up", (onProgress) => upload(client, source, { onProgress }));
  await timed("down", (onProgress) => download(client, "random.bin", copy, { onProgress }));

  for (const name of ["../x", "/etc/passwd", "a\0b"]) {
    await upload(client, source, { name }).catch((error) => {
      if (!isError(error, files, "files/upload", "NAME_REFUSED")) throw error;
      console.log(`${JSON.stringify(name)} refused`);
    });
  }

  const giveUp = new AbortController();
  const tellProgress = quarters("up again");
  const onProgress = (bytes: number, of: number) => {
    tellProgress(bytes, of);
    if (2 * bytes >= of) giveUp.abort();
  };
  await upload(client, source, { name: "second.bin", signal: giveUp.signal, onProgress }).catch((error) => {
    if (!SluiceError.is(error) || error.code !== "CANCELLED") throw error;
  });
  await client.dispose();
  server.kill("SIGTERM"); // it ends when its handlers have
  await once(server, "exit");
  const left = (await readdir(store)).filter((name) => name !== "random.bin");
  if (left.length > 0) throw new Error(`${left} is left`);
  console.log("aborted: no temporary file is left");
} finally {
  server.kill("SIGKILL");
  await rm(folder, { recursive: true });
}
