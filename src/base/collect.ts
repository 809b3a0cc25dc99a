/**
 * Buffers that are garbage: they are outside the runtime's heap, which collects when its own small objects ask for it.
 * A stream of large messages fills memory with buffers meanwhile. So the program says how many
 * bytes have moved, and now and then young objects are collected, which takes about a millisecond.
 */
import v8 from "node:v8";

/** What a {@link BufferCollector} is made of. */
export interface CollectorParts {
  /** Collects young objects. */
  readonly collect: () => void;
  /** Bytes of buffers now, garbage included. */
  readonly bufferBytes: () => number;
}

/** The buffers are looked at each time that so many bytes have moved. */
const lookEveryBytes = 4 * 1024 * 1024;
/** So much more than after the last collection is garbage enough to collect. */
const growthBytes = 16 * 1024 * 1024;

export class BufferCollector {
  readonly #parts: CollectorParts;
  #lookedAtBytes = 0;
  #keptBytes = 0;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  /** @param totalBytes that have come from peers and gone to them since the start */
  moved(totalBytes: number): void {
    if (totalBytes - this.#lookedAtBytes < lookEveryBytes) return;
    this.#lookedAtBytes = totalBytes;
    this.#look();
  }

  #look(): void {
    const { bufferBytes, collect } = this.#parts;
    const nowBytes = bufferBytes();
    if (nowBytes < this.#keptBytes + growthBytes) {
      this.#keptBytes = Math.min(this.#keptBytes, nowBytes);
      return;
    }
    collect();
    this.#keptBytes = bufferBytes();
  }
}

/** The collector of this thread; undefined where the runtime does not let a program collect (V8 flag `--expose-gc`). */
export function bufferCollector(): BufferCollector | undefined {
  const { gc } = globalThis as { readonly gc?: (options: { readonly type: "minor" }) => void };
  if (gc === undefined) return undefined;
  return new BufferCollector({
    collect: () => gc({ type: "minor" }),
    bufferBytes: () => v8.getHeapStatistics().external_memory,
  });
}
