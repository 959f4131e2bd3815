import { rmSync } from "node:fs";
import { defineConfig } from "tsup";
import { base } from "../../tsup.base.ts";

// Both parts are built at once: neither may clean away what the other has written.
rmSync("dist", { recursive: true, force: true });

export default defineConfig([
  {
    ...base,
    clean: false,
    entry: [
      "src/index.ts",
      "src/wire.ts",
      "src/msgpack.ts",
      "src/testing/index.ts",
      "src/testing/node/index.ts",
    ],
  },
  {
    // The program stands on the door beside it. Bundled with the doors, it would change how their code is cut into files.
    ...base,
    entry: { "testing/node/conformance": "src/testing/node/conformance.ts" },
    clean: false,
    esbuildPlugins: [
      {
        name: "door",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\/index\.ts$/ }, () => ({ path: "./index.js", external: true })),
      },
    ],
  },
]);
