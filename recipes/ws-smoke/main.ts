/** The server and its client in one process, which ends by itself. */
import { address } from "./address.ts";
import { sayThreeThings } from "./client.ts";
import { serveEcho } from "./server.ts";

const server = await serveEcho(address);
await sayThreeThings(server.address); // with the real port
await server.close();
