/** The dashboard's page in a real browser: what it shows, what its buttons do, how it looks, and what it must not do. */
import { once } from "node:events";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { DashboardProcess } from "./dashboard-process.ts";

const artifacts = fileURLToPath(new URL("../artifacts", import.meta.url));
/** Milliseconds that something in a tab may take. */
const patience = { timeout: 30_000, interval: 50 };
const windowBytes = 64 * 1024;
/** Numbers that fit the window: a digit and 64 bytes each, at the least; and one in the hands of the handler. */
const mostAhead = Math.floor(windowBytes / 65) + 1;

/** Under which Chromium is installed. */
const names = ["chromium", "chromium-browser", "google-chrome"];

/** Where Chromium is. Without it tests say that they were skipped; in CI that is a failure. @throws {Error} in CI */
function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  const help = "chromium is missing, needed by the dashboard's page: apt-get install chromium";
  if (process.env.CI) throw new Error(help);
  console.log(help);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What happened in the tab that nobody sees. */
interface TabNotes {
  readonly statuses: string[];
  readonly violations: string[];
}

declare global {
  var tabNotes: TabNotes;
}

/** The page in a tab: its buttons, its numbers, and everything that it must not do. */
class DashboardTab {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[] = [];
  /** `http://127.0.0.1:40123`, `ws://…`: where requests went. */
  readonly origins = new Set<string>();

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => this.origins.add(new URL(request.url()).origin));
    page.on("websocket", (socket) => this.origins.add(new URL(socket.url()).origin));
  }

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<DashboardTab> {
    const context = await browser.newContext(options);
    const tab = new DashboardTab(context, await context.newPage());
    await tab.page.addInitScript(() => {
      const notes: TabNotes = { statuses: [], violations: [] };
      globalThis.tabNotes = notes;
      addEventListener("securitypolicyviolation", (event) => {
        notes.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
      });
      addEventListener("DOMContentLoaded", () => {
        const status = document.getElementById("status");
        if (status === null) return;
        const note = () => notes.statuses.push(status.dataset.status ?? "");
        note();
        new MutationObserver(note).observe(status, { attributeFilter: ["data-status"] });
      });
    });
    await tab.page.goto(url);
    return tab;
  }

  /** All statuses of the connection that were shown, in order. */
  statuses(): Promise<string[]> {
    return this.page.evaluate(() => globalThis.tabNotes.statuses);
  }

  violations(): Promise<string[]> {
    return this.page.evaluate(() => globalThis.tabNotes.violations);
  }

  async text(id: string): Promise<string> {
    return (await this.page.locator(`#${id}`).textContent()) ?? "";
  }

  /** The number that is shown: `12,345` is 12345. */
  async number(id: string): Promise<number> {
    return Number((await this.text(id)).replaceAll(",", ""));
  }

  /** Waits until the text fits. */
  async shows(id: string, form: RegExp): Promise<void> {
    await expect.poll(() => this.text(id), patience).toMatch(form);
  }

  /** Waits until the number is at least `least`. */
  async reaches(id: string, least: number): Promise<void> {
    await expect.poll(() => this.number(id), patience).toBeGreaterThanOrEqual(least);
  }

  /** The log's lines: their levels and messages. */
  lines(): Promise<{ level: string; message: string }[]> {
    return this.page.locator("#log-lines > li").evaluateAll((items) =>
      items.map((item) => ({
        level: item.querySelector(".level")?.textContent ?? "",
        message: item.querySelector(".message")?.textContent ?? "",
      })),
    );
  }

  /** Waits until `more` lines have come, beyond those that are here. Resolves with these. */
  async moreLines(more: number): Promise<{ level: string; message: string }[]> {
    const before = (await this.lines()).length;
    await expect
      .poll(async () => (await this.lines()).length, patience)
      .toBeGreaterThanOrEqual(before + more);
    return (await this.lines()).slice(before);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

const executable = findChromium();

describe.runIf(executable !== undefined)("the dashboard's page", () => {
  let dashboard: DashboardProcess;
  let browser: Browser;
  let url: string;
  let tab: DashboardTab;
  /** A tab that stays open, and has something to show in the end. */
  let gallery: DashboardTab;

  beforeAll(async () => {
    mkdirSync(artifacts, { recursive: true });
    dashboard = new DashboardProcess(6);
    browser = await chromium.launch({ executablePath: executable ?? "", args: ["--no-sandbox"] }); // root has none
    url = await dashboard.listening;
    gallery = await DashboardTab.open(browser, url, { deviceScaleFactor: 2 });
    await gallery.page.getByRole("radio", { name: "Debug" }).check();
  });

  afterAll(async () => {
    await browser?.close();
    await dashboard?.end();
  });

  async function openTab(options = {}): Promise<void> {
    tab = await DashboardTab.open(browser, url, options);
    await tab.shows("status-text", /^Connected$/);
    await tab.reaches("received", 100);
  }

  /** Closes the tab, in which nothing may have gone wrong or anywhere else. */
  async function closeTab(): Promise<void> {
    expect(await tab.violations()).toEqual([]);
    expect(tab.complaints).toEqual([]);
    const { host } = new URL(url);
    expect([...tab.origins].sort()).toEqual([`http://${host}`, `ws://${host}`]);
    await tab.close();
  }

  afterEach(() => tab?.close());

  test("shows the host's load as charts, and the log", async () => {
    await openTab();
    for (const name of ["cpu", "memory"]) {
      await tab.shows(`${name}-now`, /^\d+\.\d %$/);
      const chart = tab.page.locator(`#${name}-chart`);
      expect(await chart.getAttribute("aria-label")).toMatch(/ over the last two minutes: now \d+ %/);
    }
    await expect.poll(() => drawnColours(tab), patience).toEqual([true, true]);
    const [line] = await tab.moreLines(1);
    expect(line?.message).toMatch(/^web\[\d+\] /);
    await closeTab();
  });

  test("a paused page stops the handler within its window, and nothing else; then every number comes", async () => {
    await openTab();
    await tab.page.getByRole("button", { name: "Pause reading" }).click();
    await tab.shows("pause-note", /the handler waits/);
    const produced = await tab.number("produced");
    const received = await tab.number("received");
    expect(produced - received).toBeGreaterThan(mostAhead / 2);
    expect(produced - received).toBeLessThanOrEqual(mostAhead);
    expect(await tab.text("credit")).toMatch(/^\d+ B$/);

    await tab.moreLines(10); // the log goes on meanwhile
    expect(await tab.number("produced")).toBe(produced);
    expect(await tab.number("received")).toBe(received);

    await tab.page.getByRole("button", { name: "Pause reading" }).click();
    await tab.reaches("received", produced + mostAhead);
    await tab.shows("pause-note", /^$/);
    await tab.reaches("produced", produced + 2 * mostAhead);
    expect([await tab.text("lost"), await tab.text("doubled")]).toEqual(["0", "0"]);
    await closeTab();
  });

  test("a cut connection comes back, and nothing is lost or doubled", async () => {
    await openTab();
    const before = await tab.number("received");
    const cutsBefore = dashboard.count("Link cut");
    await tab.page.getByRole("button", { name: "Cut the connection" }).click();
    await tab.shows("cut-note", /^Resumed after \d+\.\d s: 0 lost, 0 doubled\.$/);
    expect(dashboard.count("Link cut")).toBe(cutsBefore + 1);
    expect((await tab.statuses()).slice(-3)).toEqual(["connected", "reconnecting", "connected"]);
    await tab.reaches("received", before + 3 * mostAhead);
    expect([await tab.text("lost"), await tab.text("doubled")]).toEqual(["0", "0"]);
    await tab.moreLines(2);
    await closeTab();
  });

  test("a connection that is cut while the page is paused loses nothing either", async () => {
    await openTab();
    const pause = tab.page.getByRole("button", { name: "Pause reading" });
    await pause.click();
    await tab.shows("pause-note", /the handler waits/);
    const produced = await tab.number("produced");
    await tab.page.getByRole("button", { name: "Cut the connection" }).click();
    await tab.shows("cut-note", /^Resumed after /);
    await tab.moreLines(5);
    expect(await tab.number("produced")).toBe(produced);
    await pause.click();
    await tab.reaches("received", produced + mostAhead);
    expect([await tab.text("lost"), await tab.text("doubled")]).toEqual(["0", "0"]);
    await closeTab();
  });

  test("the level goes back over the channel, and the server sends less or more", async () => {
    await openTab();
    const before = dashboard.printed.length;
    const printed = () => dashboard.printed.slice(before);
    await tab.page.getByRole("radio", { name: "Error" }).check();
    await tab.shows("log-note", /^The server sends: error$/);
    await expect.poll(printed, patience).toContain("Filter updated to: error");
    await tab.moreLines(1); // one that was on its way may still have come
    expect(new Set((await tab.moreLines(2)).map(({ level }) => level))).toEqual(new Set(["ERROR"]));
    await tab.page.getByRole("radio", { name: "Debug" }).check();
    await expect.poll(printed, patience).toContain("Filter updated to: debug");
    expect((await tab.moreLines(6)).map(({ level }) => level)).toContain("DEBUG");
    await closeTab();
  });

  test("the service is restarted, and its new process is in the log", async () => {
    await openTab();
    await tab.page.getByRole("button", { name: "Restart" }).click();
    await tab.shows("restart-outcome", /^Service web restarted successfully \(pid \d+ → \d+\)$/);
    const [, oldPid, newPid] = /pid (\d+) → (\d+)/.exec(await tab.text("restart-outcome")) ?? [];
    expect(existsSync(`/proc/${oldPid}`)).toBe(false);
    expect(existsSync(`/proc/${newPid}`)).toBe(true);
    const starts = (line: { message: string }) => line.message.startsWith(`web[${newPid}] started`);
    await expect.poll(async () => (await tab.lines()).some(starts), patience).toBe(true);
    await closeTab();
  });

  test("can be used by the keyboard alone, and shows where the focus is", async () => {
    await openTab();
    const reached: string[] = [];
    for (let step = 0; step < 6; step++) {
      await tab.page.keyboard.press("Tab");
      reached.push(await focusedElement(tab));
    }
    expect(reached).toEqual(
      ["skip", "pause", "cut", "restart", "info", "log-box"].map((id) => `${id} outlined`),
    );
    await tab.page.locator("#pause").focus();
    await tab.page.keyboard.press("Space");
    expect(await tab.page.locator("#pause").getAttribute("aria-pressed")).toBe("true");
    await tab.page.keyboard.press("Space");
    await tab.page.locator("#level input:checked").focus();
    await tab.page.keyboard.press("ArrowRight");
    await tab.shows("log-note", /^The server sends: warn, error$/);
    await closeTab();
  });

  /** How the handlers of tabs have ended, in order. */
  const ends = () => dashboard.printed.filter((line) => line.startsWith("Numbers ended: "));

  /** Opens a tab, and waits until it and the one that stays are the only ones with handlers. Resolves with the ends before. */
  async function openLastTab(): Promise<string[]> {
    await openTab();
    await expect.poll(() => dashboard.count("Client connected") - ends().length, patience).toBe(2);
    return ends();
  }

  test("a tab that is closed ends its handlers", async () => {
    const before = await openLastTab();
    await closeTab();
    await expect.poll(ends, patience).toEqual([...before, "Numbers ended: stop"]);
  });

  test("a tab that dies ends its handlers once its session's time is up", async () => {
    const before = await openLastTab();
    const crashed = once(tab.page as never, "crash");
    tab.page.goto("chrome://crash").catch(() => {}); // it does not arrive
    await crashed;
    await expect.poll(ends, patience).toEqual([...before, "Numbers ended: disconnected"]);
  });

  test("begins anew with another process at the same place, and says that the session was lost", async () => {
    const first = new DashboardProcess(1);
    const address = await first.listening;
    const lasting = await DashboardTab.open(browser, address);
    await lasting.reaches("received", 500);
    await first.end("SIGKILL");
    await lasting.shows("status-text", /^Reconnecting$/);
    expect(await lasting.page.getByRole("button", { name: "Cut the connection" }).isDisabled()).toBe(true);
    const second = new DashboardProcess(1, Number(new URL(address).port));
    try {
      expect(await second.listening).toBe(address);
      await lasting.shows("cut-note", /^The session was lost: the calls begin anew\.$/);
      await lasting.moreLines(1);
      await lasting.reaches("received", 100);
      expect([await lasting.text("lost"), await lasting.text("doubled")]).toEqual(["0", "0"]);
      expect((await lasting.statuses()).slice(-3)).toEqual(["connected", "reconnecting", "connected"]);
    } finally {
      await lasting.close();
      await second.end();
    }
  });

  test("keeps the last 500 lines of the log", async () => {
    const count = async () => (await gallery.lines()).length;
    await expect.poll(count, { timeout: 50_000, interval: 200 }).toBe(500);
    const [oldest] = await gallery.lines();
    await expect.poll(async () => (await gallery.lines())[0], patience).not.toEqual(oldest);
    expect(await count()).toBe(500);
  });

  test("shows the newest line of the log when its lines break elsewhere while it scrolls", async () => {
    const setWidth = (width: string): Promise<void> =>
      gallery.page.locator("#log-box").evaluate((box, width) => {
        box.scrollTop -= 1; // its event comes with the next frame, when the box is narrower
        box.style.width = width;
      }, width);
    await expect.poll(() => isAtLogEnd(gallery), patience).toBe(true);
    for (const width of ["220px", ""]) {
      await setWidth(width);
      await expect.poll(() => isAtLogEnd(gallery), patience).toBe(true);
    }
  });

  test("has a light and a dark look, on a desk and in a hand, with nothing cut off", async () => {
    const { page } = gallery;
    await page.getByRole("radio", { name: "Info" }).check();
    await page.getByRole("button", { name: "Restart" }).click();
    await gallery.shows("restart-outcome", /restarted/);
    await page.getByRole("button", { name: "Cut the connection" }).click();
    await gallery.shows("cut-note", /^Resumed/);
    await page.getByRole("button", { name: "Pause reading" }).click();
    await gallery.shows("pause-note", /the handler waits/);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: width > 400 ? 900 : 844 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await expect.poll(() => drawnColours(gallery), patience).toEqual([true, true]);
        expect(await isLight(gallery)).toBe(colorScheme === "light");
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        await expect.poll(() => isAtLogEnd(gallery), patience).toBe(true);
        await page.screenshot({ path: `${artifacts}/page-${width}-${colorScheme}.png`, fullPage: true });
      }
    }
    expect(await gallery.violations()).toEqual([]);
    expect(gallery.complaints).toEqual([]);
  });

  test("a page of another origin gets no connection", async () => {
    await openTab();
    const foreign = createServer((_, response) => response.end("<!doctype html><title>Foreign</title>"));
    foreign.listen(0, "127.0.0.1");
    await once(foreign, "listening");
    const { host } = new URL(url);
    const connect = (address: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address);
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
      });
    expect(await tab.page.evaluate(connect, `ws://${host}/sluice`)).toBe("open");
    await tab.page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
    expect(await tab.page.evaluate(connect, `ws://${host}/sluice`)).toBe("refused");
    foreign.close();
  });
});

function isLight(tab: DashboardTab): Promise<boolean> {
  return tab.page.evaluate(() => {
    const [red = "0"] = getComputedStyle(document.body).backgroundColor.match(/\d+/) ?? [];
    return Number(red) > 128;
  });
}

function isAtLogEnd(tab: DashboardTab): Promise<boolean> {
  return tab.page
    .locator("#log-box")
    .evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2);
}

/** Whether the canvases of both charts have pixels in the colours of their lines. */
function drawnColours(tab: DashboardTab): Promise<boolean[]> {
  return tab.page.evaluate(() =>
    ["cpu", "memory"].map((name) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`#${name}-chart canvas`);
      const colour = getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();
      const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
      if (canvas === null) return false;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {
        willReadFrequently: true,
      });
      copy?.drawImage(canvas, 0, 0);
      const { data } = copy?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      for (let at = 0; at < data.length; at += 4) {
        if (channels.every((channel, index) => Math.abs((data[at + index] ?? 0) - channel) <= 2)) return true;
      }
      return false;
    }),
  );
}

/** The id, class or value of the focused element, and whether it is outlined. */
function focusedElement(tab: DashboardTab): Promise<string> {
  return tab.page.evaluate(() => {
    const focused = document.activeElement as HTMLElement;
    const seen = focused instanceof HTMLInputElement ? (focused.nextElementSibling as HTMLElement) : focused;
    const name = focused instanceof HTMLInputElement ? focused.value : focused.id || focused.className;
    return `${name} ${getComputedStyle(seen).outlineStyle === "none" ? "not seen" : "outlined"}`;
  });
}
