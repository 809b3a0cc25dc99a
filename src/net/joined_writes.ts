/**
 * The writes of one turn, joined: small packets written one by one leave in one call to the operating system.
 */
export class JoinedWrites {
  #chunks: Uint8Array[] | undefined;
  #sizeBytes = 0;

  /** Bytes waiting. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds bytes, which are kept and not copied until they are taken. */
  push(bytes: Uint8Array): void {
    if (this.#chunks === undefined) this.#chunks = [bytes];
    else this.#chunks.push(bytes);
    this.#sizeBytes += bytes.length;
  }

  /** All that waits, in order, as one piece. */
  take(): Uint8Array {
    const chunks = this.#chunks ?? [];
    const sizeBytes = this.#sizeBytes;
    this.clear();
    if (chunks.length === 1) return chunks[0]!;
    const whole = new Uint8Array(sizeBytes);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  /** Drops all that waits. */
  clear(): void {
    this.#chunks = undefined;
    this.#sizeBytes = 0;
  }
}
