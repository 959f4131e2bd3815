// One attack, in a process of its own: begins when it is told to, and says how often it has done what it does.
import { attacks } from "./attacks.mjs";

const [name, address] = process.argv.slice(2);
const counter = { count: 0 };

process.on("message", async (message) => {
  if (message.count === true) process.send(counter);
  else {
    await attacks[name].begin(address, counter);
    process.send({ began: true });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
