import { describe, it } from "vitest";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { utf8Suite } from "../../src/testing/utf8-suite.ts";

utf8Suite("standardUtf8", standardUtf8, { describe, it });
