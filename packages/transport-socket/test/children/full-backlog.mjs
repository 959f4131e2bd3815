/** Listens with the shortest backlog and accepts nobody once it is stopped. */
import { createServer } from "node:net";

const server = createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => process.send(server.address().port));
