/** Keywords for numbers: their bounds, and `multipleOf`. */
import { type RulesOf, rulesBy } from "./rule.ts";

export const numberRules: RulesOf<number> = rulesBy({
  minimum: (min) => ({ check: (value) => value >= min, expected: () => `must be ${min} or more` }),
  maximum: (max) => ({ check: (value) => value <= max, expected: () => `must be ${max} or less` }),
  exclusiveMinimum: (min) => ({ check: (value) => value > min, expected: () => `must be more than ${min}` }),
  exclusiveMaximum: (max) => ({ check: (value) => value < max, expected: () => `must be less than ${max}` }),
  multipleOf: (divisor) => ({
    check: (value) => isMultiple(value, divisor),
    expected: () => `must be a multiple of ${divisor}`,
  }),
});

/** Whether `value` is a whole number of times `divisor`, both taken as the decimals that they print as: 0.3 is 3 times 0.1. */
export function isMultiple(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  if (!Number.isFinite(value)) return false;
  const [digits, exponent] = decimalOf(value);
  const [divisorDigits, divisorExponent] = decimalOf(divisor);
  const shift = exponent - divisorExponent;
  // Digits never end in 0, so what has more decimals than the divisor is none of its multiples.
  return digits === 0n || (shift >= 0 && (digits * 10n ** BigInt(shift)) % divisorDigits === 0n);
}

/** `value` as digits × 10^exponent. */
function decimalOf(value: number): [digits: bigint, exponent: number] {
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}
