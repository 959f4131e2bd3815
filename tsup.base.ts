/** How every package is bundled: ES modules for the oldest Node that we support, without a platform's polyfills. */
import type { Options } from "tsup";

export const base: Options = {
  entry: ["src/index.ts"],
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  dts: false, // tsc writes the declarations: TypeScript 7 has no API for tsup's dts step
  sourcemap: true,
  clean: true,
  silent: true,
};
