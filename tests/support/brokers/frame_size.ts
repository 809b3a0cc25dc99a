/** The size of the packet at the head of bytes; undefined while its header is not whole. @throws for a length of five bytes */
export function frameSize(bytes: Uint8Array): number | undefined {
  let size = 0;
  for (let at = 1; at < bytes.length; at++) {
    if (at > 4) throw new Error("a length of five bytes");
    size += (bytes[at]! & 127) * 128 ** (at - 1);
    if (bytes[at]! < 128) return 1 + at + size;
  }
  return undefined;
}
