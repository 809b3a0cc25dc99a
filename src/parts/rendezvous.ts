/** Where the coordinator and the parts of a run meet: messages that may be lost, and a store that several can read. */

/** A rendezvous. */
export interface Rendezvous {
  /** Sends bytes to all that listen; they may be lost. */
  publish(subject: string, bytes: Uint8Array): void;
  /** Receives the bytes of a subject; returns a function that ends this. */
  listen(subject: string, receive: (bytes: Uint8Array) => void): () => void;
  /** Reads a value of the store; undefined where there is none. Rejects while the store is unavailable. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Writes a value. Rejects while the store is unavailable. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Writes a value where there is none; false where there is one. */
  putIfNew(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Sends the messages that wait, and closes the connection. */
  close(): Promise<void>;
}
