/**
 * What tests need beyond npm packages: a table of commands, found on the PATH or installed by apt-get.
 *
 * Where nothing can be installed it says what to install. In CI (`CI` is set) a command that is still missing is a failure;
 * elsewhere the tests that need it say that they were skipped.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { conclude, flagValue } from "./check-run.mjs";

/**
 * @typedef {object} Service
 * @property {string} command what must be on the PATH
 * @property {string} apt the Debian package that brings it
 * @property {string} neededBy who needs it, for the reader of a failure
 */

/** @type {readonly Service[]} */
const services = [
  { command: "chromium", apt: "chromium", neededBy: "the tests of browsers" },
  { command: "firefox-esr", apt: "firefox-esr", neededBy: "the tests of browsers" },
  { command: "python3", apt: "python3", neededBy: "the reference peer of the conformance kit" },
  { command: "perl", apt: "perl", neededBy: "the child process that carries bytes in the conformance suite" },
];

/** @param {string} command @returns {boolean} */
function isOnPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false; // absent or not executable: both mean "look further"
    }
  });
}

/**
 * How apt-get can be called here.
 *
 * @returns {readonly string[] | undefined} the command's first words; `undefined` where this user cannot install
 */
function aptGet() {
  if (!isOnPath("apt-get")) return undefined;
  if (process.getuid?.() === 0) return ["apt-get"];
  const sudo = ["sudo", "-n"];
  return isOnPath("sudo") && run([...sudo, "true"], "ignore") ? [...sudo, "apt-get"] : undefined;
}

/** @param {readonly string[]} words @param {"inherit" | "ignore"} stdio @returns {boolean} whether it ended with status 0 */
function run([command = "", ...args], stdio) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio, env }).status === 0;
}

/** @param {readonly Service[]} table @returns {string[]} what is wrong with the table itself */
function tableProblems(table) {
  return table.flatMap(({ command, apt, neededBy }, index) => {
    if (!command || !apt || !neededBy) return [`row ${index + 1} lacks command, apt or neededBy`];
    return table.findIndex((other) => other.command === command) < index
      ? [`${command} is listed twice`]
      : [];
  });
}

const tableFile = flagValue("--table");
/** @type {readonly Service[]} */
const table = tableFile === undefined ? services : JSON.parse(readFileSync(tableFile, "utf8"));
const absent = table.filter(({ command }) => !isOnPath(command));
const apt = absent.length > 0 ? aptGet() : undefined;
if (apt) {
  const packages = absent.map((service) => service.apt);
  console.log(`Installing ${packages.join(", ")} (apt-get) …`);
  run([...apt, "update", "-qq"], "inherit");
  run([...apt, "install", "-y", "-qq", "--no-install-recommends", ...packages], "inherit");
}

const checks = [{ name: "table of services", problems: tableProblems(table) }];
for (const { command, apt: aptPackage, neededBy } of table) {
  const isMissing = !isOnPath(command);
  const help = `${command} is missing, needed by ${neededBy}: apt-get install ${aptPackage}`;
  if (isMissing && !process.env.CI) console.log(help);
  else checks.push({ name: command, problems: isMissing ? [help] : [] });
}
conclude(checks);
