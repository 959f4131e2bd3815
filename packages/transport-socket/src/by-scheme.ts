/** Loads the package that carries pipes of a scheme by its name, when a URL asks for it. Bundlers do not follow a computed specifier. */
import { type Address, type TransportModule, transportModuleOf } from "@sluice/protocol/wire";

/** The module for `address`. Rejects with `UNIMPLEMENTED` if its package is not installed. */
export function moduleFor(address: Address): Promise<TransportModule> {
  return transportModuleOf(address, (name) => import(/* @vite-ignore */ name));
}
