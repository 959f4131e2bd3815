/** The door `@sluice/server/ajv`: the engine that generates code, for those who choose it by name. */
export { type AjvOptions, ajv } from "./ajv-validator.ts";
