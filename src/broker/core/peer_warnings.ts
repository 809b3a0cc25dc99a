/**
 * The warnings that a peer can provoke, with one limit for each kind: failed logins, refused requests for operator
 * actions, full outboxes, connections that could not be accepted.
 */
import type { Deadlines } from "../../base/deadlines.ts";
import { type FailedLogin, failedLoginText, shownName } from "../access/login_failure.ts";
import { addressOf } from "../access/peer_address.ts";
import type { Due } from "../due.ts";
import { LimitedLog } from "../limits/limited_log.ts";
import type { Metrics } from "../limits/metrics.ts";
import type { HeaderFault } from "../../net/link.ts";
import type { CoreSettings } from "../options/options.ts";

const headerFaultTexts: Readonly<Record<HeaderFault, string>> = {
  missing: "it does not begin with a PROXY header",
  unsupported: "its PROXY header has an unknown version or command",
  malformed: "its PROXY header is malformed",
  "too-long": "its PROXY header is too long",
};

/** The dependencies of {@link PeerWarnings}. */
export interface PeerWarningsDeps {
  readonly metrics: Metrics;
  readonly deadlines: Deadlines<Due>;
  readonly log: CoreSettings["log"];
}

export class PeerWarnings {
  readonly #metrics: Metrics;
  readonly #logins: LimitedLog;
  readonly #actions: LimitedLog;
  readonly #outboxes: LimitedLog;
  readonly #links: LimitedLog;
  readonly #headers: LimitedLog;

  constructor({ metrics, deadlines, log }: PeerWarningsDeps) {
    const limited = (what: string) => new LimitedLog({ what, deadlines, write: (line) => log("warn", line) });
    this.#metrics = metrics;
    this.#logins = limited("failed logins");
    this.#actions = limited("refused requests for operator actions");
    this.#outboxes = limited("warnings of full outboxes");
    this.#links = limited("connections that could not be accepted");
    this.#headers = limited("connections without a usable PROXY header");
  }

  /** Counts and logs a failed login. */
  loginFailed(login: FailedLogin, nowMs: number): void {
    this.#metrics.loginsFailed[login.failure]++;
    this.#logins.write(addressOf(login.peer), () => failedLoginText(login), nowMs);
  }

  /** Counts and logs a refused request for an operator action. */
  actionRefused(peer: string, why: string, nowMs: number): void {
    this.#metrics.operatorRefused++;
    this.#actions.write(addressOf(peer), () => `Refused an operator action from ${peer}: ${why}`, nowMs);
  }

  /** Logs that messages to a client are dropped; the outbox counts them. */
  outboxFull(clientId: string, nowMs: number): void {
    const line = () => `Outbox of client ${shownName(clientId)} is full; messages to it are dropped`;
    this.#outboxes.write(clientId, line, nowMs);
  }

  /**
   * Logs that a connection could not be accepted.
   *
   * @param pauses whether accepting pauses, which is counted
   */
  linkRefused(sentence: string, pauses: boolean, nowMs: number): void {
    if (pauses) this.#metrics.acceptPauses++;
    this.#links.write(pauses ? "accept" : "handshake", () => sentence, nowMs);
  }

  /** Counts and logs a connection whose proxy sent no usable header. */
  headerRefused(peer: string, fault: HeaderFault, nowMs: number): void {
    this.#metrics.headersRefused[fault]++;
    const line = () => `Closed a connection from ${peer}: ${headerFaultTexts[fault]} (--proxy-protocol)`;
    this.#headers.write(addressOf(peer), line, nowMs);
  }

  /** At the stop of the broker: writes the number of omitted lines. */
  flush(): void {
    for (const log of [this.#logins, this.#actions, this.#outboxes, this.#links, this.#headers]) log.flush();
  }
}
