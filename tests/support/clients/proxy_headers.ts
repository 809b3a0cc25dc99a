/** Headers of the PROXY protocol, written by its specification, and a proxy that sends one before what it forwards. */

const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

/** A header of version 2. @param length as announced; by default that of the body */
export function binaryHeader(
  command: number,
  family: number,
  body: readonly number[],
  length = body.length,
): Uint8Array {
  return Uint8Array.of(...signature, command, family, length >> 8, length & 0xff, ...body);
}

/** Addresses and ports of version 2 over IPv4. */
export function inet(source: string, port: number): number[] {
  return [...source.split(".").map(Number), 198, 51, 100, 1, port >> 8, port & 0xff, 0x07, 0x5b];
}

/** The same over IPv6: an address that begins with some bytes and ends with one, or with several. */
export function inet6(begin: readonly number[], last: number, port: number, end: readonly number[] = [last]): number[] {
  const source = [...begin, ...new Array<number>(16 - begin.length - end.length).fill(0), ...end];
  return [...source, ...new Array<number>(15).fill(0), 1, port >> 8, port & 0xff, 0x07, 0x5b];
}

/** A proxy on loopback that sends a header, then forwards both ways. */
export class ForwardingProxy implements Disposable {
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();

  /** @param isJoined whether the header is sent together with the first bytes of the client */
  constructor(readonly target: number, readonly header: Uint8Array, readonly isJoined: boolean) {
    this.port = this.#listener.addr.port;
    void this.#serve();
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
      server.setNoDelay(true);
      this.#open.add(client).add(server);
      if (!this.isJoined) await server.write(this.header);
      void this.#forward(client, server, this.isJoined ? this.header : new Uint8Array(0));
      void this.#forward(server, client, new Uint8Array(0));
    }
  }

  async #forward(from: Deno.Conn, to: Deno.Conn, before: Uint8Array): Promise<void> {
    const buffer = new Uint8Array(16_384);
    try {
      for (let first = before;; first = new Uint8Array(0)) {
        const size = await from.read(buffer);
        if (size === null) break;
        const bytes = Uint8Array.of(...first, ...buffer.subarray(0, size));
        for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
      }
    } catch {
      // One side has ended the connection.
    }
    for (const connection of [from, to]) if (this.#open.delete(connection)) connection.close();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }
}
