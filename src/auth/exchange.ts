/**
 * The client's side of one enhanced authentication: the data of CONNECT, and an answer to each AUTH of the server.
 * The packets that carry the data are in `connect_auth.ts`. [MQTT5 4.12]
 */

/** What the next packet carries, or why the client cannot go on. */
export type Step =
  | { readonly kind: "data"; readonly data: Uint8Array | undefined }
  | { readonly kind: "fault"; readonly sentence: string };

/** One authentication of one client. A method without a round trip elsewhere calls back at once. */
export interface AuthExchange {
  /** The data of CONNECT, or of the AUTH that starts a re-authentication. */
  first(done: (step: Step) => void): void;
  /** The answer to the data of an AUTH with Continue authentication. */
  answer(data: Uint8Array, done: (step: Step) => void): void;
  /** Checks the data of the packet that grants access; returns why the client must not accept it. */
  finish(data: Uint8Array | undefined): string | undefined;
}

/** The client that authenticates. */
export interface AuthClient {
  /** Its identifier. */
  readonly clientId: string;
  /** Its user name; empty without one. */
  readonly username: string;
  /** Its password; empty without one. */
  readonly password: Uint8Array;
}

/** Makes the exchanges of one method. */
export interface Authenticator {
  /** The name of the method, which each packet repeats. */
  readonly method: string;
  /** The method proves the password; CONNECT then carries neither user name nor password. */
  readonly provesPassword: boolean;
  /** Bytes that no transcript may show. */
  readonly secret?: Uint8Array | undefined;
  /** Begins the exchange of one client. */
  begin(client: AuthClient): AuthExchange;
}
