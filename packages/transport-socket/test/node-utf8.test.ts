import { utf8Suite } from "../../protocol/test/frame/utf8-suite.ts";
import { nodeUtf8 } from "../src/node-utf8.ts";

utf8Suite("nodeUtf8", nodeUtf8);
