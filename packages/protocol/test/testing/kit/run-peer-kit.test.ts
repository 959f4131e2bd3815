/** The kit for peers stops each program that it starts, and asks none on whose state it does not know. */
import { describe, expect, test } from "vitest";
import type { PeerCommand } from "../../../src/testing/kit/peer-case.ts";
import type { PeerAnswer } from "../../../src/testing/kit/run-peer-case.ts";
import { type PeerProgram, type RawNetwork, runPeerKit } from "../../../src/testing/kit/run-peer-kit.ts";

const nowhere: RawNetwork = {
  connect: () => Promise.reject(new Error("nobody listens there")),
  listen: () => Promise.reject(new Error("no port is free")),
  takeTroubles: () => [],
};

/** Programs that answer thus; what is done with each, in order. */
class Programs {
  readonly log: string[] = [];
  readonly #answer: (command: PeerCommand) => PeerAnswer;

  constructor(answer: (command: PeerCommand) => PeerAnswer) {
    this.#answer = answer;
  }

  readonly start = (): Promise<PeerProgram> => {
    this.log.push("start");
    return Promise.resolve({
      ask: async (command) => {
        this.log.push(command.do);
        return this.#answer(command);
      },
      stop: async () => {
        this.log.push("stop");
        return true;
      },
    });
  };
}

const known = { name: "a fake", roles: ["acceptor"] };

describe("runPeerKit", () => {
  test.each<[string, (command: PeerCommand) => PeerAnswer, RegExp]>([
    ["does not say what it is", () => ({ roles: "all" }), /Cannot use the program/],
    [
      "does not answer",
      () => {
        throw new Error("No answer to describe");
      },
      /No answer/,
    ],
  ])("stops a program that %s", async (_, answer, message) => {
    const programs = new Programs(answer);
    await expect(runPeerKit({ start: programs.start, network: nowhere })).rejects.toThrow(message);
    expect(programs.log).toEqual(["start", "describe", "stop"]);
  });

  test("stops the program when whoever is told of a case throws", async () => {
    const programs = new Programs(() => known);
    const onCase = (): void => {
      throw new Error("the disk is full");
    };
    await expect(runPeerKit({ start: programs.start, network: nowhere, onCase })).rejects.toThrow("disk");
    expect(programs.log.at(-1)).toBe("stop");
  });

  test("starts the program anew behind a case that did not even begin: it still listens", async () => {
    const programs = new Programs(({ do: what }) => (what === "listen" ? { address: "x" } : known));
    const { cases } = await runPeerKit({
      start: programs.start,
      network: nowhere,
      only: ({ id }) => id === "HS-3" || id === "HS-6",
    });
    expect(cases.map(({ id, outcome, close }) => [id, outcome, close])).toEqual([
      ["HS-3", "failed", "clean"],
      ["HS-6", "failed", "clean"],
    ]);
    expect(programs.log.join(" ")).toBe(
      "start describe listen describe stop start listen describe stop start stop",
    );
  });

  test("a program that has ended before a case begins makes its close unclean", async () => {
    let asked = 0;
    const { start } = new Programs(() => {
      if (++asked > 1) throw new Error("The program has ended (1)");
      return known;
    });
    const { cases } = await runPeerKit({ start, network: nowhere, only: ({ id }) => id === "HS-3" });
    expect(cases).toMatchObject([{ outcome: "failed", close: "unclean" }]);
  });
});
