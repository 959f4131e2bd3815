/** Values that no codec carries, by name: what a careless program hands to the toolkit. */

const circle: { self?: unknown } = {};
circle.self = circle;

const named: Readonly<Record<string, () => unknown>> = {
  "a symbol": () => Symbol("s"),
  "a function": () => () => 1,
  "a bigint": () => 5n,
  NaN: () => Number.NaN,
  "a Date inside": () => ({ at: new Date(0) }),
  "a Map": () => new Map([[1, 2]]),
  "a cycle": () => circle,
  "a getter that throws": () => ({
    get secret() {
      throw new Error("canary-7b1f");
    },
  }),
  "a proxy that throws": () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("canary-7b1f");
        },
      },
    ),
  "a proxy that was revoked": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return [proxy];
  },
  "65 levels": () => {
    let value: unknown = 0;
    for (let level = 0; level < 65; level++) value = [value];
    return value;
  },
  "5 MiB of text": () => "x".repeat(5 * 1_024 * 1_024),
  "one text of 1 MiB, 20 times": () => new Array(20).fill("x".repeat(1_024 * 1_024)),
};

export const unencodableNames: readonly string[] = Object.keys(named);

/** A value by its name. */
export function unencodable(name: string): unknown {
  return named[name]?.();
}
