/** The shop as a process: `server.ts <address>`. It ends with whoever has started it. */
import { serveHere } from "./serve-shop.ts";

const { url, close } = await serveHere(process.argv[2] ?? "unix:shop.sock");
process.once("disconnect", close);
if (process.send === undefined) console.log(`The shop is at ${url}`);
else process.send(url);
