/**
 * The order of test files: those that take long begin first, lest the last of them run while nothing else does.
 *
 * Vitest itself goes by the times of the run before, which a fresh clone does not have.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Parts of paths of files that take ten seconds and more. */
const slow = [
  "soak.test",
  "conformance-command",
  "suite-child",
  "suite-http",
  "session-model",
  "interleavings",
  "differential.test",
  "cut-at-every-byte",
  "page/page.test",
  "http-sse-browser",
  "migrate-monolith",
  "transport-suite",
  "run-transport-kit",
  "ajv-fuzz",
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean => slow.some((part) => moduleId.includes(part));
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
