/** REL-P6: what the packages bring along at run time: few, named in corpora/dependencies.json, pinned, none older than the list accepts. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
const { allowed, floors } = read("tests/hostile/corpora/dependencies.json") as {
  readonly allowed: Readonly<Record<string, readonly string[]>>;
  readonly floors: Readonly<Record<string, { readonly version: string }>>;
};
const locked: Readonly<Record<string, Locked>> = read("package-lock.json").packages;

/** Runtime dependencies of our packages, other packages of ours left out. */
const manifests = readdirSync(new URL("../../packages", import.meta.url)).map(
  (folder) =>
    read(`packages/${folder}/package.json`) as { name: string; dependencies?: Record<string, string> },
);
const isOurs = (name: string): boolean => name.startsWith("@sluice/");

test("REL-P6 each package depends on what the list allows, in one exact version", () => {
  const found = manifests.map(({ name, dependencies = {} }) => [
    name,
    Object.keys(dependencies).filter((one) => !isOurs(one)),
  ]);
  expect(Object.fromEntries(found)).toEqual(allowed);
  const versions = manifests.flatMap(({ dependencies = {} }) => Object.values(dependencies));
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

/** Everything that the named packages need in turn, found where Node would look for it. */
function closure(
  names: readonly string[],
  from = "",
  found = new Map<string, Locked>(),
): Map<string, Locked> {
  for (const name of names) {
    const nested = `${from}node_modules/${name}`;
    const place = locked[nested] === undefined ? `node_modules/${name}` : nested;
    const one = locked[place];
    // Prebuilt binaries of an optional package that is not built here.
    if (one === undefined || found.has(place)) continue;
    found.set(place, one);
    closure(Object.keys({ ...one.dependencies, ...one.optionalDependencies }), `${place}/`, found);
  }
  return found;
}

test("REL-P6 all that comes with them is listed, locked with its checksum, and no older than the list accepts", () => {
  const all = closure(Object.values(allowed).flat());
  const binaries = /^node_modules\/@msgpackr-extract\//;
  const places = [...all.keys()].filter((place) => !binaries.test(place));
  expect(places.map((place) => place.replace(/^.*node_modules\//, "")).sort()).toEqual(Object.keys(floors));
  for (const [place, { version = "", integrity }] of all) {
    expect([place, integrity?.slice(0, 7)]).toEqual([place, "sha512-"]);
    const floor = floors[place.replace(/^.*node_modules\//, "")]?.version;
    if (!binaries.test(place))
      expect([place, version, isAtLeast(version, floor ?? "")]).toEqual([place, version, true]);
  }
});

test("REL-P6 the native half of msgpackr is neither built nor allowed to run its scripts", () => {
  expect(read("package.json").allowScripts["msgpackr-extract"]).toBe(false);
});

/** Whether one version of three numbers is as high as another. */
function isAtLeast(version: string, floor: string): boolean {
  const [ours = [], least = []] = [version, floor].map((one) => one.split(".").map(Number));
  const at = ours.findIndex((number, index) => number !== least[index]);
  return at < 0 || (ours[at] as number) > (least[at] as number);
}
