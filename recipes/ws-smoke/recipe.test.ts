/** The smoke test as its README runs it: over WebSocket and over TCP, in one process and in two. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));

function start(script: string, ...args: string[]) {
  const [program, ...first] = scripts[script].split(" ");
  return spawn(program, [...first, ...args], { cwd: folder });
}

/** What a program prints that ends by itself, and complains of nothing. */
async function outputOf(script: string, ...args: string[]): Promise<string> {
  const program = start(script, ...args);
  const [output, complaints, end] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    once(program, "exit"),
  ]);
  expect({ complaints, end }).toEqual({ complaints: "", end: [0, null] });
  return output;
}

const received = ["Hello from the client", "Is anybody there?", "Goodbye"];
const serverLines = [...received.map((said) => `[Server received]: ${said}`), "Client disconnected"];
const clientLines = received.map((said) => `[Client received]: Server echo: ${said}`);

describe.each([
  ["a WebSocket", "ws", []],
  ["TCP", "tcp", ["--tcp"]],
])("over %s", (_, scheme, flags) => {
  test("prints what its README shows, and ends by itself", async () => {
    const output = await outputOf("start", ...flags, "--port", "0");
    expect(output).toBe(
      [...serverLines.slice(0, 3).flatMap((line, at) => [line, clientLines[at]]), serverLines[3], ""].join(
        "\n",
      ),
    );
    expect(readFileSync(`${folder}/README.md`, "utf8")).toContain(`\`\`\`text\n${output}\`\`\``);
  });

  test("a server takes one client after the other, from other processes", async () => {
    const server = start("server", ...flags, "--port", "0");
    try {
      const lines: string[] = [];
      const [address] = await once(
        createInterface(server.stdout).on("line", (line) => lines.push(line)),
        "line",
      );
      const [, port = ""] =
        new RegExp(`^Server listening on ${scheme}://127\\.0\\.0\\.1:(\\d+)/?$`).exec(address) ?? [];
      for (let round = 0; round < 2; round++) {
        expect(await outputOf("client", ...flags, "--port", port)).toBe(`${clientLines.join("\n")}\n`);
      }
      server.kill();
      expect(await once(server, "close")).toEqual([0, null]);
      expect(lines.slice(1)).toEqual([...serverLines, ...serverLines]);
    } finally {
      server.kill("SIGKILL");
    }
  });
});
