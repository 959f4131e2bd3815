/**
 * Writes numbered lines into a log file, and rotates it in every way there is. A process of its own.
 *
 * `log-writer.mjs <directory> <steps as JSON>`; a step as `RotationStep` in follow-file.property.test.ts has it.
 * Before a rotation it asks its parent, which answers when the follower has got to this file; after a rename it says
 * when it has turned to the new file.
 */

import { once } from "node:events";
import { copyFileSync, ftruncateSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

const [directory, steps] = process.argv.slice(2);
const path = `${directory}/app.log`;
let fd = openSync(path, "a");
let number = 0;
let rotations = 0;

for (const step of JSON.parse(steps)) {
  const first = number + 1;
  await write(step.lines, step.cutAt);
  process.send({ askFor: step.rotation.kind, first });
  await once(process, "message");
  await rotate(step.rotation);
}
writeSync(fd, "end\n");
process.disconnect();

async function rotate({ kind, target, isDeleted, linesBefore, linesAfter, isLastOpen }) {
  const old = target === "same name" ? `${path}.1` : `${path}.${++rotations}`;
  if (kind === "copy-truncate") {
    copyFileSync(path, old);
    ftruncateSync(fd, 0);
    return;
  }
  if (isDeleted) unlinkSync(path);
  else renameSync(path, old);
  await write(linesBefore);
  const next = openSync(path, "a");
  await write(linesAfter);
  if (isLastOpen) writeSync(fd, line().subarray(0, -1));
  fd = next;
  process.send({ isReopened: true });
}

/** @param {number} [cutAt] Writes each line in two writes, cut at this byte of it. */
async function write(count, cutAt) {
  for (let i = 0; i < count; i++) {
    const bytes = line();
    writeSync(fd, bytes.subarray(0, cutAt));
    if (cutAt === undefined) continue;
    await setImmediate();
    writeSync(fd, bytes.subarray(cutAt));
  }
}

function line() {
  number += 1;
  return Buffer.from(`🔍${number} häß${"→".repeat(number % 40)}\n`);
}
