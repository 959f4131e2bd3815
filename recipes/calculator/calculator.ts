/** A calculator: a class as one writes it anyway. Only `divide` looks at what it is given beside the numbers. */
import type { RequestContext } from "@sluice/server";
import type { CalculatorProtocol } from "./protocol.ts";

export class Calculator {
  add(a: number, b: number): number {
    return a + b;
  }

  async divide(
    a: number,
    b: number,
    { fail }: RequestContext<CalculatorProtocol, "divide">,
  ): Promise<number> {
    if (b === 0) return fail("DIVISION_BY_ZERO");
    return a / b;
  }

  async *fibonacci(count: number): AsyncGenerator<number, void> {
    let [current, next] = [0, 1];
    for (let n = 0; n < count; n++) {
      yield current; // waits while the reader is busy
      [current, next] = [next, current + next];
    }
  }
}
