import { defineConfig } from "tsup";
import { base } from "../../tsup.base.ts";

export default defineConfig({
  ...base,
  entry: [
    "src/index.ts",
    "src/wire.ts",
    "src/msgpack.ts",
    "src/testing/index.ts",
    "src/testing/node/index.ts",
    "src/testing/node/conformance.ts",
  ],
});
