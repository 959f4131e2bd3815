/** The handlers behind the call suite: of the platform they use nothing but what every runtime has. */
import { SluiceError } from "@sluice/protocol";
import type { HandlersOf } from "@sluice/server";
import type { SuiteProtocol } from "./protocol.ts";

/** A value that somebody waits for. */
class Later<Value> {
  readonly promise: Promise<Value>;
  resolve: (value: Value) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

/** What the handlers of one test have seen. */
class Scene {
  written = 0;
  readonly started = new Later<undefined>();
  readonly said = new Later<string>();
  readonly ended = new Later<string>();
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(String(signal.reason));
    else signal.addEventListener("abort", () => resolve(String(signal.reason)), { once: true });
  });
}

/** Handlers with scenes of their own. */
export function makeHandlers(): HandlersOf<SuiteProtocol, undefined> {
  const scenes = new Map<string, Scene>();
  const sceneOf = (key: string): Scene => {
    const scene = scenes.get(key) ?? new Scene();
    scenes.set(key, scene);
    return scene;
  };
  return {
    "math/add": ({ param }) => param.a + param.b,
    "bytes/echo": ({ param }) => param,
    "shop/order": ({ param, fail }) =>
      param.count > 3 ? fail("NO_STOCK", { left: 3 }) : `${param.count} ordered`,
    "file/find"({ param }) {
      if (param === "secret") throw new Error("the password is tulip");
      throw new SluiceError("NOT_FOUND", `There is no ${param}`);
    },
    async *"numbers/count"({ param }) {
      for (let n = 0; n < param; n++) yield n;
      return param;
    },
    async "bytes/pour"({ param, writable, signal }) {
      const scene = sceneOf(param.key);
      const writer = writable.getWriter();
      for (; scene.written < param.count && !signal.aborted; scene.written++) {
        const item = new Uint8Array(param.size);
        new DataView(item.buffer).setUint32(0, scene.written);
        await writer.write(item);
      }
      return scene.written;
    },
    async *"text/echo"({ readable }) {
      let heard = 0;
      for await (const text of readable) {
        heard++;
        yield text;
      }
      return heard;
    },
    async "files/upload"({ readable }) {
      let [bytes, sum] = [0, 0];
      for await (const chunk of readable) {
        bytes += chunk.length;
        for (const byte of chunk) sum += byte;
      }
      return { bytes, sum };
    },
    "note/say": ({ data }) => sceneOf(data.key).said.resolve(data.text),
    async "hold/request"({ param, signal }) {
      const scene = sceneOf(param.key);
      scene.started.resolve(undefined);
      const reason = await aborted(signal);
      scene.ended.resolve(reason);
      return reason;
    },
    async *"hold/stream"({ param, signal }) {
      const scene = sceneOf(param.key);
      yield 0;
      const reason = await aborted(signal);
      scene.ended.resolve(reason);
      return reason;
    },
    "scene/written": ({ param }) => sceneOf(param.key).written,
    "scene/started": ({ param }) => sceneOf(param.key).started.promise,
    "scene/said": ({ param }) => sceneOf(param.key).said.promise,
    "scene/ended": ({ param }) => sceneOf(param.key).ended.promise,
  };
}
