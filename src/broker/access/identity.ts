/** The owner of a session, a will or a message: the name that a login proved. */

/** How a login proved its name; `none` for a client that gave no name. */
export type NameProof = "password" | "certificate" | "none";

/** The outcome of an accepted login. A broker without login checks has no identities. */
export interface Identity {
  /** Undefined for a client that gave no name. */
  readonly username: string | undefined;
  /** Undefined where a store of an older version did not record it. */
  readonly proof: NameProof | undefined;
}

/** Whether two logins belong to the same user. All clients without a name are one user. */
export function isSameUser(one: Identity | undefined, other: Identity | undefined): boolean {
  return (one === undefined) === (other === undefined) && one?.username === other?.username;
}
