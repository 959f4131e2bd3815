/** Uploads and downloads with progress, a checksum on both sides, and a signal to give up. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Client } from "@sluice/client";
import { type Digest, IncomingFile } from "./incoming-file.ts";
import type { Files } from "./protocol.ts";

export interface TransferOptions {
  /** Gives the transfer up: the promise rejects with `CANCELLED`, and nothing of it stays on either side. */
  readonly signal?: AbortSignal;
  /** Told after each chunk: bytes until now, and of the whole file. */
  readonly onProgress?: (bytes: number, of: number) => void;
}

/** Uploads the file at `path` as `name`. Its chunks are read as fast as the server writes them. */
export async function upload(
  client: Client<Files>,
  path: string,
  { name = basename(path), signal, onProgress }: TransferOptions & { readonly name?: string } = {},
): Promise<Digest> {
  const { size } = await stat(path);
  const hash = createHash("sha256");
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    let sent = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 64 * 1024 })) {
      hash.update(chunk);
      yield chunk; // goes on when there is room for the next one
      sent += chunk.length;
      onProgress?.(sent, size);
    }
  }
  const stored = await client.channel("files/upload", { param: { name, size }, send: chunks(), signal });
  return same(stored, { bytes: size, sha256: hash.digest("hex") });
}

/** Downloads `name` to `path`, where it appears whole or not at all. */
export async function download(
  client: Client<Files>,
  name: string,
  path: string,
  { signal, onProgress }: TransferOptions = {},
): Promise<Digest> {
  const size = await client.request("files/size", { param: { name }, signal });
  const file = await IncomingFile.begin(path);
  try {
    const call = client.stream("files/download", { param: { name }, signal });
    for await (const chunk of call) {
      await file.write(chunk); // the server waits meanwhile
      onProgress?.(file.bytes, size);
    }
    const digest = same(await call, file.digest());
    await file.keep();
    return digest;
  } finally {
    await file.discard();
  }
}

/** @throws {Error} if the two sides saw different bytes */
function same(there: Digest, here: Digest): Digest {
  if (there.sha256 === here.sha256 && there.bytes === here.bytes) return here;
  throw new Error(`The checksums differ: ${there.sha256} there, ${here.sha256} here`);
}
