/** The numbers of many clients, without an order: 4 bytes for each. */
export class ClientList {
  #clients: Int32Array;
  #size = 0;

  /** @param room how many clients it has room for at once; it grows beyond them */
  constructor(room = 0) {
    this.#clients = new Int32Array(room);
  }

  get length(): number {
    return this.#size;
  }

  add(client: number): void {
    if (this.#size === this.#clients.length) {
      const larger = new Int32Array(Math.max(256, this.#size * 2));
      larger.set(this.#clients);
      this.#clients = larger;
    }
    this.#clients[this.#size++] = client;
  }

  /** Takes the client at a place; the last one moves there. */
  takeAt(place: number): number {
    const client = this.#clients[place]!;
    this.#clients[place] = this.#clients[--this.#size]!;
    return client;
  }

  /** Takes all clients in their order. */
  takeAll(): Int32Array {
    const all = this.#clients.slice(0, this.#size);
    this.#size = 0;
    return all;
  }
}
