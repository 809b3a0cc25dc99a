/** The reasons why a login fails, by which the broker counts failures, and the log sentence of each. */
import { quoteLine } from "../../base/escape.ts";

/** Why a login failed. */
export type LoginFailure =
  /** The user name is unknown, or the password is wrong. */
  | "bad-credentials"
  /** The client gave no user name, nor a certificate that names its user. */
  | "no-user-name"
  /** The broker does not accept this user. */
  | "not-authorized"
  /** The client identifier belongs to a session of another user. */
  | "other-user"
  /** The user may not publish to the topic of the will. */
  | "will-denied"
  /** Too many password checks are queued. */
  | "busy"
  /** The callback that judges logins has failed. */
  | "error";

const sentences: Readonly<Record<LoginFailure, string>> = {
  "bad-credentials": "the user name or the password is wrong",
  "no-user-name": "the client sent neither a user name nor a certificate with one",
  "not-authorized": "the broker does not accept this user",
  "other-user": "the client identifier belongs to a session of another user",
  "will-denied": "the user may not publish to the topic of the will",
  busy: "too many password checks are queued",
  error: "the login check failed",
};

/** Every {@link LoginFailure}. */
export const loginFailures = Object.keys(sentences) as readonly LoginFailure[];

/** A failed login, without its password. */
export interface FailedLogin {
  readonly failure: LoginFailure;
  /** The peer of the link, as `host:port`. */
  readonly peer: string;
  readonly username: string | undefined;
  /** The common name of the client's certificate, if the client proved one. */
  readonly certificateName?: string | undefined;
  readonly clientId: string;
  /** Further details of the failure. */
  readonly detail?: string | undefined;
}

/** Maximum length of a value in a log line, in characters. */
const longestShown = 64;

/** A failed login as one log line. The names come from the client: each is quoted, escaped and truncated. */
export function failedLoginText(login: FailedLogin): string {
  const { failure, peer, username, certificateName, clientId, detail } = login;
  const user = username === undefined ? "no user name" : `user ${shownName(username)}`;
  const certificate = certificateName === undefined ? "" : `, certificate ${shownName(certificateName)}`;
  const why = detail === undefined ? sentences[failure] : `${sentences[failure]}: ${shownName(detail)}`;
  return `Failed login from ${peer}, ${user}${certificate}, client ${shownName(clientId)}: ${why}`;
}

/** A name that a client chose, for a log line: quoted, truncated, and without characters that a terminal interprets. */
export function shownName(name: string): string {
  const characters = Array.from(name.slice(0, 2 * longestShown));
  const isCut = characters.length > longestShown || name.length > 2 * longestShown;
  const shown = isCut ? `${characters.slice(0, longestShown).join("")}…` : name;
  return quoteLine(shown);
}
