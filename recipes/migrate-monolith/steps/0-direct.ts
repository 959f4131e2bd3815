/** Before: the rest of the program calls the class. */
import { Shop } from "../shop.ts";
import { visit } from "../visit.ts";

await visit(new Shop());
