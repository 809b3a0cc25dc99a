/**
 * The actions of an operator over HTTP: `DELETE /clients/ID`, `/sessions/ID` and `/retained/TOPIC`, each with the
 * broker's token. A name is percent-encoded UTF-8, and the rest of the path belongs to it: slashes of a topic need no
 * encoding, and `.` and `..` are ordinary levels.
 */
import { isLoopback } from "../../net/endpoint.ts";
import { type WebRequest, words } from "../../net/http_server.ts";
import { UsageError } from "../../base/failure.ts";
import type { AdminToken } from "../access/admin_token.ts";

/** The broker, for the actions of an operator. */
export interface Operated {
  disconnectClient(clientId: string): boolean;
  endSession(clientId: string): boolean;
  clearRetained(topic: string): boolean;
  /** Whether the store failed to write the last changes. */
  readonly storeFails: boolean;
  /** Counts and logs a refused request. */
  actionRefused(peer: string, why: string): void;
}

interface Action {
  readonly act: (broker: Operated, name: string) => boolean;
  /** The answer if the action had no object. */
  readonly absent: string;
}

const actions: Readonly<Record<string, Action>> = {
  clients: {
    act: (broker, clientId) => broker.disconnectClient(clientId),
    absent: "no client with this identifier is connected",
  },
  sessions: {
    act: (broker, clientId) => broker.endSession(clientId),
    absent: "no session exists for this client identifier",
  },
  retained: {
    act: (broker, topic) => broker.clearRetained(topic),
    absent: "the topic has no retained message",
  },
};

/** The paths of the actions, for the answer to an unknown one. */
export const actionPaths = "DELETE /clients/ID, /sessions/ID or /retained/TOPIC";

/**
 * Refuses to accept actions from the network, because the token crosses the link in plain text.
 *
 * @throws UsageError for an address that is not a loopback address
 */
export function checkActionHost(host: string): void {
  if (isLoopback(host)) return;
  throw new UsageError(
    `Cannot accept operator actions on ${host}: expected --metrics on an address of loopback, such as 127.0.0.1, ` +
      "with --admin-token",
  );
}

/** Answers a request for an action: 204 on success, otherwise one sentence. Undefined for every other path. */
export function answerOperator(
  { rawPath, method, authorization, peer }: WebRequest,
  broker: Operated,
  token: AdminToken | undefined,
): Response | undefined {
  const [, kind = "", encoded = ""] = /^\/([a-z]+)\/(.+)$/s.exec(rawPath) ?? [];
  const action = Object.hasOwn(actions, kind) ? actions[kind] : undefined;
  if (action === undefined) return undefined;
  if (method !== "DELETE") return words(405, "expected DELETE", { allow: "DELETE" });
  if (token === undefined) return words(403, "operator actions are off; expected a broker with --admin-token FILE");
  const fault = authorization === undefined ? "no token" : token.matches(authorization) ? undefined : "wrong token";
  if (fault !== undefined) {
    broker.actionRefused(peer, fault);
    return words(401, `${fault}; expected Authorization: Bearer TOKEN`, { "www-authenticate": "Bearer" });
  }
  const name = decoded(encoded);
  if (name === undefined) return words(400, "the name is not percent-encoded UTF-8");
  if (kind === "retained" && /[+#]/.test(name)) return words(400, "expected one topic name, without wildcards");
  if (!action.act(broker, name)) return words(404, action.absent);
  return broker.storeFails ? words(503, notStored) : new Response(null, { status: 204 });
}

const notStored = "the action is done, but the store cannot save it yet; the broker retries every second";

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
