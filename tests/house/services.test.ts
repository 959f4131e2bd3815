/** `scripts/services.mjs`: commands are found, installed, or asked for; in CI a missing one is a failure. */
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plantTree } from "./planted-tree.ts";
import { type Ended, runScript } from "./run-script.ts";

const row = { command: "brokerd", apt: "broker-server", neededBy: "the broker's tests" };

/** Notes its arguments, and at `install` puts the command into the folder it lies in itself. */
const workingAptGet = `#!/bin/sh
here="\${0%/*}"
echo "$@" >> "$here/apt.log"
if [ "$1" = install ]; then echo '#!/bin/sh' > "$here/brokerd"; /bin/chmod +x "$here/brokerd"; fi
`;
const brokenAptGet = `#!/bin/sh
echo "$@" >> "\${0%/*}/apt.log"
exit 100
`;
/** Where the user is not root: lets apt-get run all the same. */
const sudo = '#!/bin/sh\nshift\n[ "$1" = true ] || exec "$@"\n';

/** A folder that will be the whole PATH, with the commands given by name. */
function plantPath(commands: Record<string, string>): string {
  const folder = plantTree(commands);
  for (const name of Object.keys(commands)) chmodSync(join(folder, name), 0o755);
  return folder;
}

function services(
  path: string,
  table: readonly object[],
  env: Record<string, string | undefined>,
): Promise<Ended> {
  const root = plantTree({ "table.json": table });
  return runScript("services", root, ["--table", join(root, "table.json")], {
    PATH: path,
    CI: undefined,
    ...env,
  });
}

test("services passes when the command is on the PATH, and installs nothing", async () => {
  const path = plantPath({ brokerd: "#!/bin/sh\n", "apt-get": brokenAptGet });
  expect(await services(path, [row], { CI: "true" })).toMatchObject({
    status: 0,
    stdout: "2 passed, 0 failed\n",
  });
});

test("services does not take a file that cannot be executed for a command", async () => {
  const path = plantPath({ brokerd: "#!/bin/sh\n" });
  chmodSync(join(path, "brokerd"), 0o644);
  expect(await services(path, [row], { CI: "true" })).toMatchObject({ status: 1 });
});

test("services installs what is missing by apt-get", async () => {
  const path = plantPath({ "apt-get": workingAptGet, sudo });
  const { status, stdout } = await services(path, [row], { CI: "true" });
  expect(stdout).toContain("Installing broker-server (apt-get)");
  expect(stdout).toMatch(/2 passed, 0 failed\n$/);
  expect(status).toBe(0);
  expect(readFileSync(join(path, "apt.log"), "utf8")).toBe(
    "update -qq\ninstall -y -qq --no-install-recommends broker-server\n",
  );
});

test("services fails in CI when apt-get does not bring the command", async () => {
  const path = plantPath({ "apt-get": brokenAptGet, sudo });
  const { status, stdout } = await services(path, [row], { CI: "true" });
  expect(status).toBe(1);
  expect(stdout).toContain("brokerd is missing, needed by the broker's tests: apt-get install broker-server");
  expect(stdout).toMatch(/1 passed, 1 failed\n$/);
});

test("services fails in CI when there is no apt-get", async () => {
  const { status, stdout } = await services(plantPath({}), [row], { CI: "true" });
  expect(status).toBe(1);
  expect(stdout).toMatch(/1 passed, 1 failed\n$/);
});

test("services says outside of CI how to install what is missing", async () => {
  const { status, stdout } = await services(plantPath({}), [row], {});
  expect(status).toBe(0);
  expect(stdout).toContain("brokerd is missing, needed by the broker's tests: apt-get install broker-server");
});

test.each([
  ["an incomplete row", [{ command: "brokerd", apt: "" }], "row 1 lacks command, apt or neededBy"],
  ["a command listed twice", [row, row], "brokerd is listed twice"],
])("services refuses a table with %s", async (_, table, problem) => {
  const { status, stdout } = await services(plantPath({ brokerd: "#!/bin/sh\n" }), table, {});
  expect(status).toBe(1);
  expect(stdout).toContain(problem);
});
