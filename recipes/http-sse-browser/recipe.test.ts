/** The page in a real browser: what streams to it, over how many responses, who else may, and what its end does. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const artifacts = join(folder, "artifacts");
const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
/** Milliseconds that something in a tab may take. */
const patience = { timeout: 30_000, interval: 50 };

/** The server as `npm start` runs it, at free ports: what it prints can be waited for. */
class ServerProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  readonly #news = new EventEmitter();

  constructor() {
    const [program, ...args] = scripts.start.split(" ");
    this.#child = spawn(program, [...args, "0", "0"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    this.#exit = once(this.#child, "exit");
    createInterface(this.#child.stdout as NodeJS.ReadableStream).on("line", (line) => {
      this.lines.push(line);
      this.#news.emit("line");
    });
  }

  /** Resolves with what `form` captures in the `nth` line, from 1, that fits it. Rejects if the process ends without. */
  async says(form: RegExp, nth = 1): Promise<string> {
    const ended = this.#exit.then((code) => {
      throw new Error(`The server has ended (${code}) after: ${this.lines.join(" | ")}`);
    });
    ended.catch(() => {}); // it may end later, when nobody waits here any more
    for (;;) {
      const match = this.fitting(form)[nth - 1];
      if (match !== undefined) return match[1] ?? match[0];
      await Promise.race([once(this.#news, "line"), ended]);
    }
  }

  /** All lines that fit. */
  fitting(form: RegExp): RegExpExecArray[] {
    return this.lines.flatMap((line) => {
      const match = form.exec(line);
      return match === null ? [] : [match];
    });
  }

  async end(): Promise<void> {
    this.#child.kill();
    expect(await this.#exit).toEqual([0, null]);
  }
}

/** Where Chromium is. Without it tests say that they were skipped; in CI that is a failure. @throws {Error} in CI */
function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = folders.flatMap((from) => names.map((name) => join(from, name))).find(isExecutable);
  if (found !== undefined) return found;
  const help = "chromium is missing, needed by the page: apt-get install chromium";
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

/** What went wrong in a tab: errors and warnings of its console, exceptions. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

const executable = findChromium();

describe.runIf(executable !== undefined)("the page", () => {
  let browser: Browser;
  let server: ServerProcess;
  let url: string;
  let api: string;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(artifacts, { recursive: true });
    browser = await chromium.launch({ executablePath: executable ?? "", args: ["--no-sandbox"] }); // root has none
  });

  afterAll(() => browser?.close());

  async function openPage(): Promise<void> {
    server = new ServerProcess();
    url = await server.says(/^Page at (.*)$/);
    api = await server.says(/^API at (.*)$/);
    page = await browser.newPage({ viewport: { width: 1280, height: 860 }, deviceScaleFactor: 2 });
  }

  afterEach(async () => {
    if (!page.isClosed()) await page.close();
    await server.end();
  });

  /** The numbers that the twenty cells show; NaN where there is none. */
  const cells = async () => (await page.locator("#cells li").allTextContents()).map(Number);

  test("shows what streams, twenty-one streams over one response, under a policy that it does not break", async () => {
    await openPage();
    const complaints = complaintsOf(page);
    const posts = new Set<string>();
    page.on("request", (request) => {
      if (request.method() === "POST") posts.add(new URL(request.url()).origin);
    });
    const response = await page.goto(url);
    expect(response?.headers()["content-security-policy"]).toContain(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${new URL(api).origin}`,
    );
    const chart = page.locator("#cpu-chart");
    await expect
      .poll(() => chart.getAttribute("aria-label"), patience)
      .toMatch(/over the last minute: now \d+ %/);
    await expect.poll(() => page.locator("#cpu-now").textContent(), patience).toMatch(/^\d+\.\d %$/);

    await page.getByRole("button", { name: "Open 20 streams" }).click();
    await expect.poll(async () => (await cells()).every((number) => number >= 10), patience).toBe(true);
    expect((await cells()).length).toBe(20);
    expect(server.fitting(/^downlink opened$/).length).toBe(1);
    expect([...posts]).toEqual([new URL(api).origin]);

    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 860 });
        const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        expect(isWide, `scrolls sideways at ${width}`).toBe(false);
        await page.screenshot({ path: join(artifacts, `page-${width}-${colorScheme}.png`), fullPage: true });
      }
    }

    await page.getByRole("button", { name: "Close them" }).click();
    await server.says(/^stream aborted: stop$/, 20);
    expect(complaints).toEqual([]);
  });

  test("ends its streams at the server when its tab is closed", async () => {
    await openPage();
    await page.goto(url);
    await expect.poll(() => page.locator("#cpu-now").textContent(), patience).toMatch(/^\d+\.\d %$/);
    await page.getByRole("button", { name: "Open 20 streams" }).click();
    await expect.poll(async () => (await cells()).every((number) => number >= 1), patience).toBe(true);
    expect(server.fitting(/^stream aborted/)).toEqual([]);
    await page.close();
    await server.says(/^stream aborted: disconnected$/, 21);
    expect(server.fitting(/^stream aborted/).length).toBe(21);
  });

  test("of another origin gets 403: what needs no question before, and the questions before a direct call and a session", async () => {
    await openPage();
    const foreign = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Elsewhere</title>");
    });
    await once(foreign.listen(0, "127.0.0.1"), "listening");
    try {
      await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
      const ask = (path: string, headers: Record<string, string>) =>
        page.evaluate(
          async ({ to, sent }) => {
            try {
              return String((await fetch(to, { method: "POST", body: "{}", headers: sent })).status);
            } catch {
              return "not told";
            }
          },
          { to: new URL(path, api).href, sent: headers },
        );
      expect(await ask("/count", { "content-type": "text/plain" })).toBe("not told"); // sent without asking first
      expect(await ask("/count", { "content-type": "application/json" })).toBe("not told");
      expect(await ask("/", { "content-type": "application/vnd.sluice.frames" })).toBe("not told");
      await server.says(/^403 to /, 3);
      expect(server.fitting(/^403 to .*/).map(([line]) => line)).toEqual(
        ["POST", "OPTIONS", "OPTIONS"].map((method) => `403 to ${method} from ${new URL(page.url()).origin}`),
      );
      expect(server.fitting(/^(downlink|stream) /)).toEqual([]);
    } finally {
      foreign.close();
      foreign.closeAllConnections();
    }
  });

  test("of its own origin is let in by the same requests, those of other origins get 403", async () => {
    await openPage();
    const statusFor = async (origin: string) => {
      const headers = { origin, "content-type": "application/json" };
      const response = await fetch(new URL("/count", api), {
        method: "POST",
        body: '{"everyMs":10}',
        headers,
      });
      await response.body?.cancel();
      return response.status;
    };
    expect(await statusFor(new URL(url).origin)).toBe(200);
    expect(await statusFor("http://127.0.0.1:1")).toBe(403);
    expect(await statusFor("https://evil.example")).toBe(403);
  });
});
