/** The validator that servers use unless told otherwise. */
import { auto, closures, type Validator } from "@sluice/protocol";
import { ajv } from "./ajv-validator.ts";

let shared: Validator | undefined;

/** Ajv where code can be generated, closures elsewhere and in browsers; one instance for all servers of the process. */
export function defaultValidator(): Validator {
  shared ??= auto(ajv(), closures());
  return shared;
}
