/**
 * What this version sends and sees, against recorded traffic of each version before: tests/recorded/.
 *
 * `SLUICE_RECORD=v0.1 npx vitest run --project e2e tests/recorded.test.ts` records this version under that name.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { jsonCodec } from "@sluice/protocol/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  framesByCall,
  type Recording,
  record,
  recordedCalls,
  replayToClient,
  replayToServer,
  SeededRandom,
} from "./differential/recorded-exchange.ts";

const folder = new URL("./recorded/", import.meta.url);
const codecs = [jsonCodec, msgpackCodec];

let random: SeededRandom;
beforeEach(() => {
  random = new SeededRandom();
});
afterEach(() => random.restore());

/** One chunk a line. */
function written({ chunks, ...rest }: Recording): string {
  const lines = chunks.map((chunk) => `    ${JSON.stringify(chunk)}`).join(",\n");
  const { codec, callers, handlers } = rest;
  const seen = [...callers.map((one) => `    ${JSON.stringify(one)}`)].join(",\n");
  return `{
  "codec": ${JSON.stringify(codec)},
  "chunks": [
${lines}
  ],
  "callers": [
${seen}
  ],
  "handlers": ${JSON.stringify(handlers)}
}
`;
}

const recordAs = process.env.SLUICE_RECORD;
if (recordAs !== undefined) {
  // Before the tests are collected, of which there are some for each recording.
  const seeded = new SeededRandom();
  for (const codec of codecs) {
    const file = new URL(`${recordAs}-${codec.name}.json`, folder);
    if (existsSync(file)) throw new Error(`${file.pathname} is there: a recording is never replaced`);
    writeFileSync(file, written(await record(codec, seeded)));
  }
  seeded.restore();
}

const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

describe.each(names)("against %s", (name) => {
  const recording = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Recording;
  const codec = codecs.find((one) => one.name === recording.codec) ?? jsonCodec;
  const ofServer = recording.chunks.filter(({ way }) => way === "toClient");
  const ofClient = recording.chunks.filter(({ way }) => way === "toServer");

  test("the recording is of the calls that are made", () => {
    expect([recording.codec, recording.callers.length]).toEqual([codec.name, recordedCalls.length]);
    expect(ofServer.length).toBeGreaterThan(20);
    expect(ofClient.length).toBeGreaterThan(20);
  });

  test("a server that gets the client's bytes sends the same frames, and its handlers see the same", async () => {
    const { chunks, handlers } = await replayToServer(recording, random);
    expect(chunks.flatMap(({ frames }) => frames)).toEqual(ofServer.flatMap(({ frames }) => frames));
    expect(handlers).toEqual(recording.handlers);
  });

  test("a client that gets the server's bytes sends the same frames, and its callers see the same", async () => {
    const { chunks, callers } = await replayToClient(recording, codec, random);
    expect(callers).toEqual(recording.callers);
    expect(framesByCall(chunks)).toEqual(framesByCall(ofClient));
  });
});

test("there is a recording with each codec", () => {
  for (const { name } of codecs) expect(names.some((one) => one.endsWith(`-${name}.json`))).toBe(true);
});
