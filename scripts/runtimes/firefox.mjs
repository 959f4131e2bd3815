/**
 * A page in Debian's Firefox, without a window, by WebDriver BiDi over a WebSocket.
 *
 * Spec: https://w3c.github.io/webdriver-bidi/
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { pathOf } from "./commands.mjs";

/** Nothing leaves the machine: no updates, no reports, no look for a portal. */
const preferences = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

/** The answers of a browser to commands, by number. */
class BidiConnection {
  #last = 0;
  /** @type {Map<number, { resolve: (result: any) => void, reject: (reason: Error) => void }>} */
  #waiting = new Map();
  #socket;

  /** @param {WebSocket} socket open */
  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const { id, type, result, error, message } = JSON.parse(String(data));
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (type === "success") waiting?.resolve(result);
      else if (type === "error") waiting?.reject(new Error(`${error}: ${message}`));
    });
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("Firefox has ended the session"));
    });
  }

  /** @param {string} method @param {object} params @returns {Promise<any>} */
  send(method, params) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

/** @param {import("node:child_process").ChildProcess} browser @returns {Promise<string>} the address that it tells on stderr */
function addressOf(browser) {
  const lines = createInterface({ input: /** @type {import("node:stream").Readable} */ (browser.stderr) });
  return new Promise((resolve, reject) => {
    /** @type {string[]} */
    const said = [];
    lines.on("line", (line) => {
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
      else if (said.length < 50) said.push(line);
    });
    browser.on("error", reject);
    browser.on("exit", (code) => reject(new Error(`Firefox has ended with ${code}:\n${said.join("\n")}`)));
  });
}

/** @param {string} address @returns {Promise<WebSocket>} */
function open(address) {
  const socket = new WebSocket(address);
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** @param {string} command @param {string} url @returns {Promise<import("./in-browser.mjs").OpenPage>} */
export async function openInFirefox(command, url) {
  const profile = mkdtempSync(join(tmpdir(), "sluice-firefox-"));
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), lines.join(""));
  const browser = spawn(
    pathOf(command),
    ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: profile, MOZ_HEADLESS: "1" } },
  );
  const ended = new Promise((resolve) => browser.once("close", resolve));
  const end = async () => {
    browser.kill("SIGKILL");
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const connection = new BidiConnection(await open(`${await addressOf(browser)}/session`));
    const { capabilities } = await connection.send("session.new", { capabilities: {} });
    const { contexts } = await connection.send("browsingContext.getTree", {});
    await connection.send("browsingContext.navigate", { context: contexts[0].context, url, wait: "none" });
    return {
      version: capabilities.browserVersion,
      async close() {
        await connection.send("browser.close", {}).catch(() => {}); // it may be gone before it has answered
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
