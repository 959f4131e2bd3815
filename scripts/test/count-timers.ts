/**
 * Begins to count timers before the first test of a process does: a timer that another file has left, and that is set anew during a
 * test, is none that the test has left behind.
 */
import { watchTimers } from "../../packages/protocol/src/testing/node/watch-timers.ts";

watchTimers();
