/**
 * Stores files in one folder, and gives them back.
 *
 * `server.ts <folder> <address>`, for instance `server.ts ./files tcp://127.0.0.1:30010`. SIGTERM lets running transfers finish.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Server } from "@sluice/server";
import { IncomingFile } from "./incoming-file.ts";
import { type Files, files } from "./protocol.ts";

const chunkBytes = 64 * 1024;

/** No separators, no NUL, no `..`, nothing hidden: what matches stands in the folder itself, on every system. */
const goodName = /^[\p{L}\p{N}_][\p{L}\p{N}_ .()+-]*$/u;
const nameRule =
  "A name begins with a letter, a digit or _, has these, spaces and .()+- and at most 200 bytes";

function isGood(name: string): boolean {
  return goodName.test(name) && Buffer.byteLength(name) <= 200;
}

/** The file to read at `path`, or `undefined` if there is none. Links are not followed, and pipes and devices not opened. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    if (!["ENOENT", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  return undefined;
}

/** A server of the files in `folder`. Uploads may have `maxBytes`; default 1 GiB. */
export function makeServer(folder: string, maxBytes: number = 1024 ** 3): Server<Files> {
  return new Server<Files>({
    protocol: files,
    public: true,
    handlers: {
      "files/upload": async ({ param: { name, size }, readable, fail }) => {
        if (!isGood(name)) return fail("NAME_REFUSED", undefined, nameRule);
        if (size > maxBytes) return fail("TOO_LARGE", { most: maxBytes });
        const file = await IncomingFile.begin(join(folder, name));
        try {
          for await (const chunk of readable) {
            await file.write(chunk);
            if (file.bytes > size) break; // it would fill the disk
          }
          if (file.bytes !== size) return fail("WRONG_SIZE", { received: file.bytes });
          await file.keep();
          return file.digest();
        } finally {
          await file.discard(); // also when the client is gone: then the loop above throws
        }
      },
      "files/download": async function* ({ param: { name }, fail }) {
        if (!isGood(name)) return fail("NAME_REFUSED", undefined, nameRule);
        const handle = await openFile(join(folder, name));
        if (handle === undefined) return fail("NO_SUCH_FILE");
        const hash = createHash("sha256");
        let bytes = 0;
        for await (const chunk of handle.createReadStream({ highWaterMark: chunkBytes })) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk; // waits for the reader
        } // the end closes the file, and so does a reader that leaves
        return { bytes, sha256: hash.digest("hex") };
      },
      "files/size": async ({ param: { name }, fail }) => {
        if (!isGood(name)) return fail("NAME_REFUSED", undefined, nameRule);
        const handle = await openFile(join(folder, name));
        if (handle === undefined) return fail("NO_SUCH_FILE");
        try {
          return (await handle.stat()).size;
        } finally {
          await handle.close();
        }
      },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = ".", where = "tcp://127.0.0.1:30010"] = process.argv.slice(2);
  const server = makeServer(folder);
  process.once("SIGTERM", () => void server.drain());
  const [address] = await server.listen(where);
  console.log(`Storing files at ${address}`);
}
