/** Watches for the path that its argument names, as fast as it can, and tells the mode that it saw first. */
import { statSync } from "node:fs";

process.send("watching");
for (;;) {
  const found = statSync(process.argv[2], { throwIfNoEntry: false });
  if (found === undefined) continue;
  process.send(found.mode & 0o777);
  break;
}
