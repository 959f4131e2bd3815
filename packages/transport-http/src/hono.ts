/** The door of `@sluice/transport-http` to Hono. */
export { type ServesTransports, type SluiceMiddlewareOptions, sluice } from "./hono-middleware.ts";
