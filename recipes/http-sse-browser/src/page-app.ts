/** Serves the page's files, with headers that let it load these and talk to the API, and nothing else. */
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { PageFile } from "./build-page.ts";

/** `apiOrigin`: where the page's client may connect, `http://127.0.0.1:30017`. */
export function pageApp(files: ReadonlyMap<string, PageFile>, apiOrigin: string): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: [apiOrigin],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
      },
      xFrameOptions: "DENY",
      strictTransportSecurity: false, // this is plain HTTP, on this machine
    }),
  );
  app.get("*", (context) => {
    const file = files.get(context.req.path);
    if (file === undefined) return context.text("Not here", 404);
    return context.body(file.body, 200, { "content-type": file.type, "cache-control": "no-cache" });
  });
  return app;
}
