/** Visits a shop that is at an address. */
import { connect } from "@sluice/client";
import { shop } from "../protocol.ts";
import { serveShop } from "../serve-shop.ts";
import { visit } from "../visit.ts";

const address = "unix:shop.sock";

const served = await serveShop(address);
const client = await connect(served.url, { protocol: shop });
await visit(client.api);
await client.dispose();
await served.close();
