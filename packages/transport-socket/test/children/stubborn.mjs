/** Goes on when its input ends, and when it is asked to end. */
process.on("SIGTERM", () => process.send?.("no"));
process.stdin.on("data", () => {});
setInterval(() => {}, 1_000_000);
process.send("here");
