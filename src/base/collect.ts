/**
 * Collects garbage before memory grows too large. The runtime starts a collection by the growth of its own heap: for
 * buffers, which are outside of it, too late, and for its heap, only at a fifth of growth. So the program reports how
 * many bytes have moved. From time to time this class collects young objects (about 1 ms), and all objects (tens of
 * milliseconds) where the memory in use approaches a limit.
 */
import v8 from "node:v8";

/** Memory in use, including garbage, in bytes. */
interface MemoryUse {
  readonly bufferBytes: number;
  readonly heapBytes: number;
}

/** The dependencies of a {@link GarbageCollector}. */
export interface CollectorDeps {
  readonly collectYoung: () => void;
  readonly collectAll: () => void;
  readonly memoryUse: () => MemoryUse;
  /** The memory that the program may keep, in bytes; Infinity by default. */
  readonly limitBytes?: number;
}

/** Number of moved bytes after which the collector measures the memory in use. */
const measureEveryBytes = 256 * 1024;
/** Growth of buffers since the last collection that triggers the next one of young objects. */
const bufferGrowthBytes = 16 * 1024 * 1024;
/** Shares of the limit: in use before all objects are collected, and growth since the last such collection. */
const shares = { used: 0.75, growth: 0.1 } as const;

export class GarbageCollector {
  readonly #deps: CollectorDeps;
  readonly #usedBytes: number;
  readonly #growthBytes: number;
  #measuredAtBytes = 0;
  /** After the last collection of young objects. */
  #keptBufferBytes = 0;
  /** After the last collection of all objects. */
  #keptBytes = 0;

  constructor(deps: CollectorDeps) {
    const { limitBytes = Infinity } = deps;
    this.#deps = deps;
    this.#usedBytes = shares.used * limitBytes;
    this.#growthBytes = Math.max(shares.growth * limitBytes, bufferGrowthBytes);
  }

  /** @param totalBytes received from peers and sent to them since the start */
  moved(totalBytes: number): void {
    if (totalBytes - this.#measuredAtBytes < measureEveryBytes) return;
    this.#measuredAtBytes = totalBytes;
    const { bufferBytes, heapBytes } = this.#deps.memoryUse();
    if (!this.#collectAll(bufferBytes + heapBytes)) this.#collectYoung(bufferBytes);
  }

  #collectYoung(bufferBytes: number): void {
    const { memoryUse, collectYoung } = this.#deps;
    if (bufferBytes < this.#keptBufferBytes + bufferGrowthBytes) {
      this.#keptBufferBytes = Math.min(this.#keptBufferBytes, bufferBytes);
      return;
    }
    collectYoung();
    this.#keptBufferBytes = memoryUse().bufferBytes;
  }

  #collectAll(bytes: number): boolean {
    const { memoryUse, collectAll } = this.#deps;
    this.#keptBytes = Math.min(this.#keptBytes, bytes);
    if (bytes < this.#usedBytes || bytes < this.#keptBytes + this.#growthBytes) return false;
    collectAll();
    const { bufferBytes, heapBytes } = memoryUse();
    this.#keptBufferBytes = bufferBytes;
    this.#keptBytes = bufferBytes + heapBytes;
    return true;
  }
}

/**
 * The collector of this thread; undefined if the runtime does not let a program collect (V8 flag `--expose-gc`).
 *
 * @param limitBytes the memory that the program may keep
 */
export function garbageCollector(limitBytes: number): GarbageCollector | undefined {
  const { gc } = globalThis as { readonly gc?: (options: { readonly type: "minor" | "major" }) => void };
  if (gc === undefined) return undefined;
  return new GarbageCollector({
    collectYoung: () => gc({ type: "minor" }),
    collectAll: () => gc({ type: "major" }),
    memoryUse: () => {
      const { external_memory: bufferBytes, used_heap_size: heapBytes } = v8.getHeapStatistics();
      return { bufferBytes, heapBytes };
    },
    limitBytes,
  });
}
