/**
 * Whose an address is, for bounds per address: an IPv4 address is one customer's, of IPv6 every customer has a network of 2^64.
 *
 * Pure. Used by the transports that count what strangers hold.
 */

/**
 * `remote` without what its owner can change at will: scheme and port go, of an IPv6 address only the first 64 bits stay
 * (`"2001:db8:0:1::/64"`), and an IPv4 address that was mapped into IPv6 is itself. Text that is no address stays as it is.
 * @param remote an address with or without scheme and port: `"tcp://192.0.2.1:54321"`, `"[2001:db8::1]:80"`, `"::1"`
 */
export function remoteNetwork(remote: string): string {
  const host = hostOf(remote);
  const groups = groupsOf(host);
  if (groups === undefined) return host;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return groups.slice(6).flatMap(bytesOf).join(".");
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

function hostOf(remote: string): string {
  const text = remote.replace(/^[a-z][a-z\d+.-]*:\/\//i, "");
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed;
  // Two colons, and it is IPv6 without a port.
  return /^[^:]*:\d+$/.test(text) ? text.slice(0, text.indexOf(":")) : text;
}

/** The eight groups of an IPv6 address; `undefined` for all else. */
function groupsOf(host: string): readonly number[] | undefined {
  if (!host.includes(":")) return undefined;
  const [bare = ""] = host.split("%");
  const halves = bare.split("::");
  const [before = [], after = []] = halves.map(listedGroups);
  const missing = 8 - before.length - after.length;
  const isWhole = halves.length === 1 ? missing === 0 : halves.length === 2 && missing > 0;
  if (!isWhole) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined;
}

/** NaN for what is no group. */
function listedGroups(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)?.slice(1).map(Number);
    if (bytes === undefined) return [/^[\da-f]{1,4}$/i.test(part) ? Number.parseInt(part, 16) : Number.NaN];
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    return [a * 256 + b, c * 256 + d];
  });
}

function bytesOf(group: number): readonly number[] {
  return [group >> 8, group & 0xff];
}
