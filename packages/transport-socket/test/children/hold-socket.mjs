/** Listens at the path that its argument names, without any of our code, until it is killed. */
import { createServer } from "node:net";

createServer().listen(process.argv[2], () => process.send("listening"));
