import { utf8Suite } from "@sluice/protocol/testing";
import { describe, it } from "vitest";
import { nodeUtf8 } from "../src/node-utf8.ts";

utf8Suite("nodeUtf8", nodeUtf8, { describe, it });
