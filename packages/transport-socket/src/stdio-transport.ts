/**
 * A transport over this process's own standard input and output: for a program that another one has started.
 *
 * stdout belongs to the link from then on. What else the program prints goes to stderr.
 */
import { ByteLink, type Link, SluiceError, type Transport } from "@sluice/protocol/wire";
import { StreamDuplex } from "./stream-duplex.ts";

let isTaken = false;

/**
 * The transport of this process's stdin and stdout, for a `Server` or a `Client`. There is one link, once per process.
 *
 * From the link on, `console.log` and other writes to `process.stdout` go to stderr: in between frames they would end the link.
 * Programs that write to descriptor 1 past Node (native code, children that inherit stdout) must not.
 */
export function stdioTransport(): Transport<unknown, unknown> {
  let link: Link | undefined;
  const take = (checksOpening: boolean): Link => {
    link = takeStandardStreams(checksOpening);
    return link;
  };
  return {
    name: "stdio",
    connect: async () => take(true),
    accept: (onLink) => onLink(take(false)),
    async dispose() {
      link?.close();
    },
  };
}

/** @throws {SluiceError} `FAILED_PRECONDITION` if they are taken, or a terminal */
function takeStandardStreams(checksOpening: boolean): Link {
  const { stdin, stdout } = process;
  if (isTaken) throw unusable("stdin and stdout of this process are in use by another link");
  if (stdin.isTTY || stdout.isTTY) {
    throw unusable(
      "stdin or stdout is a terminal; let a program start this one, with childProcessTransport()",
    );
  }
  isTaken = true;
  const write = stdout.write.bind(stdout);
  stdout.write = process.stderr.write.bind(process.stderr) as typeof stdout.write;
  return new ByteLink(
    new StreamDuplex({
      peer: "The program that started this one",
      input: stdin,
      output: stdout,
      write,
      checksOpening,
    }),
  );
}

function unusable(why: string): SluiceError {
  return new SluiceError("FAILED_PRECONDITION", `Cannot use stdio: ${why}`, { processed: "no" });
}
