/** The calculator over memory: a test of the class and of its protocol, without a socket. */
import { Client } from "@sluice/client";
import { bind, Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Calculator } from "../calculator.ts";
import { type CalculatorProtocol, calculator } from "../protocol.ts";

describe("Calculator", () => {
  let server: { dispose(): Promise<void> };
  let client: Client<CalculatorProtocol>;

  beforeEach(() => {
    const link = memoryTransport();
    const handlers = bind(calculator, new Calculator());
    server = new Server({ protocol: calculator, handlers, public: true, transport: link.server });
    client = new Client<CalculatorProtocol>({ protocol: calculator, transport: link.client });
  });

  afterEach(async () => {
    await client.dispose();
    await server.dispose();
  });

  it("should add numbers correctly", async () => {
    expect(await client.api.add(10, 20)).toBe(30);
    expect(await client.api.add(-1, 1)).toBe(0);
  });

  it("should divide, and say so where it cannot", async () => {
    expect(await client.api.divide(1, 4)).toBe(0.25);
    await expect(client.api.divide(1, 0)).rejects.toMatchObject({ code: "DIVISION_BY_ZERO" });
  });

  it("should stream as many Fibonacci numbers as asked for", async () => {
    const numbers: number[] = [];
    for await (const number of client.api.fibonacci(10)) numbers.push(number);
    expect(numbers).toEqual([0, 1, 1, 2, 3, 5, 8, 13, 21, 34]);
    expect(await client.api.fibonacci(0).drain()).toBeUndefined();
  });

  it("should refuse what the protocol does not allow", async () => {
    const { divide, fibonacci } = client.api;
    await expect(divide(...(["1", 2] as unknown as [number, number]))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(fibonacci(80).drain()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
