/** Loads the package of a transport by its name, when a URL asks for it. Bundlers do not follow a computed specifier. */
import { type Listener, listenerAt } from "@sluice/protocol/wire";

/** The listener for `url`. Rejects with `INVALID_ARGUMENT` or `UNIMPLEMENTED`. */
export function listenerFor(url: string): Promise<Listener> {
  return listenerAt(url, (name) => import(/* @vite-ignore */ name));
}
