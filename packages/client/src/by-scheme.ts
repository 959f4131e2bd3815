/** Loads the package of a transport by its name, when a URL asks for it. Bundlers do not follow a computed specifier. */
import { type AddressOptions, type Transport, transportTo } from "@sluice/protocol/wire";

/** The transport to `url`. Rejects with `INVALID_ARGUMENT` or `UNIMPLEMENTED`. */
export function transportFor(url: string, options: AddressOptions): Promise<Transport> {
  return transportTo(url, (name) => import(/* @vite-ignore */ name), options);
}
