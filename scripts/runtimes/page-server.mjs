/**
 * Serves the page that browsers run the suite on, under a policy that allows it next to nothing, and takes its report.
 */
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/** The page's own script, and connections to where it came from and to the suite's server. */
const policyFor = (/** @type {readonly string[]} */ addresses) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `connect-src 'self' ${addresses.join(" ")}`,
    "img-src 'self'", // browsers ask for an icon by themselves
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "report-uri /violation",
  ].join("; ");

const html =
  '<!doctype html><meta charset="utf-8"><title>Suite</title><script type="module" src="/page.js"></script>\n';

/** @typedef {import("./far-server.mjs").Settings} Settings */

/**
 * @typedef {object} PageServer
 * @property {string} url of the page
 * @property {(settings: Settings) => void} tell what the page is told; before it is opened
 * @property {Promise<any>} report what the page has reported
 * @property {string[]} violations those that the browser has reported, apart from the page
 * @property {(count: number) => Promise<void>} reported resolves once it has reported so many, and among them the one that the page provokes last
 * @property {() => Promise<void>} close
 */

/** @param {import("node:http").IncomingMessage} request @returns {Promise<string>} */
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** @param {string} script path of the page's script @returns {Promise<PageServer>} */
export async function servePage(script) {
  /** @type {(report: any) => void} */
  let onReport = () => {};
  const report = new Promise((resolve) => {
    onReport = resolve;
  });
  /** @type {string[]} */
  const violations = [];
  const arrivals = new EventEmitter();

  /** @type {Settings | undefined} */
  let told;

  /** @type {Record<string, (body: string) => { status?: number, type?: string, text?: string }>} by method and path */
  const routes = {
    "GET /": () => ({ type: "text/html", text: html }),
    "GET /page.js": () => ({ type: "text/javascript", text: readFileSync(script, "utf8") }),
    "GET /settings.json": () => ({ type: "application/json", text: JSON.stringify(told) }),
    "POST /report": (body) => {
      onReport(JSON.parse(body));
      return { status: 204 };
    },
    "POST /violation": (body) => {
      const { "violated-directive": directive, "blocked-uri": uri } = JSON.parse(body)["csp-report"];
      violations.push(`${directive} ${uri}`);
      arrivals.emit("violation");
      return { status: 204 };
    },
  };
  const server = createServer(async (request, response) => {
    const route = routes[`${request.method} ${request.url}`];
    const {
      status = 200,
      type = "text/plain",
      text = "",
    } = route?.(await bodyOf(request)) ?? { status: 404 };
    response
      .writeHead(status, {
        "content-type": type,
        "content-security-policy": policyFor(Object.values(told ?? {})),
      })
      .end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The page's server has no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    tell(settings) {
      told = settings;
    },
    report,
    violations,
    async reported(count) {
      // Each comes over a connection of its own: in no order.
      while (
        violations.length < count ||
        !violations.some((one) => one.includes(" https://on-purpose.invalid"))
      )
        await once(arrivals, "violation");
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
