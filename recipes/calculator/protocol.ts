/** What the calculator offers: two requests, whose params are arguments, and a stream. */
import type { ProtocolDefinition } from "@sluice/protocol";

const number = { type: "number" } as const;
const two = { type: "array", prefixItems: [number, number], minItems: 2, items: false } as const;

export const calculator = {
  add: { type: "request", param: two, result: number },
  divide: { type: "request", param: two, result: number, errors: { DIVISION_BY_ZERO: {} } },
  fibonacci: { type: "stream", param: { type: "integer", minimum: 0, maximum: 79 }, receive: number },
} as const satisfies ProtocolDefinition;

type Definition = typeof calculator;

export interface CalculatorProtocol extends Definition {}
