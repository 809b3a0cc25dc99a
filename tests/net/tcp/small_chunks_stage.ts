/** Pushes small chunks to a list as a link does. */
import { SmallChunks } from "../../../src/net/tcp/small_chunks.ts";

/** The number of chunks in a list after `count` chunks of two bytes. */
export function pushSmall(count: number): number {
  const chunks: Uint8Array[] = [];
  const small = new SmallChunks();
  for (let each = 0; each < count; each++) {
    chunks.push(Uint8Array.of(0xd0, 0));
    small.added(chunks);
  }
  const whole = chunks.reduce((sum, { length }) => sum + length, 0);
  if (whole !== 2 * count) throw new Error(`${whole} bytes are left of ${2 * count}`);
  return chunks.length;
}
