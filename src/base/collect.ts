/**
 * Collects garbage buffers. Buffers are outside the runtime's heap, which starts a collection only when its own small
 * objects need it; a stream of large messages would fill memory in the meantime. So the program reports how many bytes
 * have moved, and from time to time collects young objects, which takes about 1 ms.
 */
import v8 from "node:v8";

/** The dependencies of a {@link BufferCollector}. */
export interface CollectorDeps {
  /** Collects young objects. */
  readonly collect: () => void;
  /** Current bytes of buffers, including garbage. */
  readonly bufferBytes: () => number;
}

/** Number of moved bytes after which the buffers are measured. */
const lookEveryBytes = 4 * 1024 * 1024;
/** Growth since the last collection that triggers the next one. */
const growthBytes = 16 * 1024 * 1024;

export class BufferCollector {
  readonly #deps: CollectorDeps;
  #lookedAtBytes = 0;
  #keptBytes = 0;

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
  }

  /** @param totalBytes received from peers and sent to them since the start */
  moved(totalBytes: number): void {
    if (totalBytes - this.#lookedAtBytes < lookEveryBytes) return;
    this.#lookedAtBytes = totalBytes;
    this.#look();
  }

  #look(): void {
    const { bufferBytes, collect } = this.#deps;
    const nowBytes = bufferBytes();
    if (nowBytes < this.#keptBytes + growthBytes) {
      this.#keptBytes = Math.min(this.#keptBytes, nowBytes);
      return;
    }
    collect();
    this.#keptBytes = bufferBytes();
  }
}

/** The collector of this thread; undefined if the runtime does not let a program collect (V8 flag `--expose-gc`). */
export function bufferCollector(): BufferCollector | undefined {
  const { gc } = globalThis as { readonly gc?: (options: { readonly type: "minor" }) => void };
  if (gc === undefined) return undefined;
  return new BufferCollector({
    collect: () => gc({ type: "minor" }),
    bufferBytes: () => v8.getHeapStatistics().external_memory,
  });
}
