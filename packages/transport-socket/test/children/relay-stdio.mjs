/** Carries bytes between its standard streams and the socket that its argument names, and ends with either. */
import { connect } from "node:net";

const socket = connect({ path: process.argv[2], allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
// pipe() never ends the standard output.
socket.on("end", () => process.stdout.end());
// A break on one side is a break on the other.
socket.on("error", () => process.exit(1));
process.stdout.on("error", () => process.exit(1));
socket.on("close", () => process.exit(0));
