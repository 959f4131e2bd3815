/** A child that answers what it is asked, and prints. */
process.on("message", (question) => {
  if (question === "heap") process.send(process.execArgv);
  else if (question === "fill") fill();
  else process.send({ heard: question, args: process.argv.slice(2), mood: process.env.MOOD });
});
console.log("to stdout");
console.error("to stderr");

function fill() {
  const all = [];
  for (;;) all.push(Array.from({ length: 100_000 }, () => ({})));
}
