/** A MessagePack map written by hand: for names that a packer would not write. */
export function packMap(members: readonly (readonly [name: string, value: Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x80 + members.length)];
  for (const [name, value] of members) {
    const bytes = new TextEncoder().encode(name);
    parts.push(Uint8Array.of(0xd9, bytes.length), bytes, value);
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
