/**
 * A takeover of one client by itself: first its new connection opens, which ends the old life; then the old connection is
 * kept until the CONNECT that took it over was answered.
 */
import { InvariantError } from "../../base/failure.ts";
import type { Connection } from "./connection.ts";

/** The connection that is to be taken over, and when that was due. */
export interface Old {
  readonly connection: Connection;
  readonly dueMs: number;
}

export class Takeover {
  #old: Old | undefined;
  #asked: Connection | undefined;

  /** True until the new connection is open, or could not be opened. */
  get underWay(): boolean {
    return this.#old !== undefined;
  }

  begin(connection: Connection, dueMs: number): void {
    this.#old = { connection, dueMs };
  }

  /** It is under way no longer; answers what was to be taken over. */
  end(): Old {
    const old = this.#old;
    if (old === undefined) throw new InvariantError("a takeover ends that never began");
    this.#old = undefined;
    return old;
  }

  /** CONNECT asks for this connection to be taken over. */
  ask(connection: Connection): void {
    this.#asked = connection;
  }

  /** CONNECT was answered, or will not be; answers the connection that it asked for, if any. */
  answered(): Connection | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }
}
