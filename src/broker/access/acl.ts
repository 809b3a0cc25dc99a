/**
 * The topics that each client may publish and subscribe to, in the format of mosquitto's acl_file:
 *
 *     topic read news/#            for clients without a user name
 *     user ann
 *     topic readwrite ann/#        for ann only
 *     topic deny ann/secret        overrides every line that allows it
 *     pattern write meters/%u/%c   for everyone: %u is the user name, %c the client identifier
 *
 * Default deny. `topic` and `pattern` without an access word mean readwrite. Difference from mosquitto: the broker
 * judges a subscription at SUBSCRIBE, by its whole filter, and not message by message. It refuses the subscription
 * unless one line covers the whole filter and no deny line overlaps it.
 */
import { UsageError } from "../../base/failure.ts";
import { isSharedFilter, isValidTopicFilter, parseSharedFilter } from "../../mqtt/topic.ts";
import { covers, overlaps } from "./filter_cover.ts";

/** A kind of action. Publishing a will is `publish`. */
export type Action = "publish" | "subscribe";

/** The client that performs the action. */
export interface Principal {
  /** The client identifier. */
  readonly clientId: string;
  /** Undefined for clients without a user name. */
  readonly username: string | undefined;
}

interface Rule {
  readonly access: "read" | "write" | "readwrite" | "deny";
  readonly filter: string;
}

/** Parsed rules; immutable. */
export class Acl {
  readonly #anonymous: readonly Rule[];
  readonly #byUser: ReadonlyMap<string, readonly Rule[]>;
  readonly #patterns: readonly Rule[];

  constructor(anonymous: readonly Rule[], byUser: ReadonlyMap<string, readonly Rule[]>, patterns: readonly Rule[]) {
    this.#anonymous = anonymous;
    this.#byUser = byUser;
    this.#patterns = patterns;
  }

  /** Whether the action is allowed. @param topic a topic name, or the filter of a subscription, shared or not */
  allows(principal: Principal, action: Action, topic: string): boolean {
    const asked = isSharedFilter(topic) ? parseSharedFilter(topic)?.filter ?? topic : topic;
    let allowed = false;
    for (const { access, filter } of this.#rulesFor(principal)) {
      if (access === "deny" && overlaps(filter, asked)) return false;
      allowed ||= grants(access, action) && covers(filter, asked);
    }
    return allowed;
  }

  *#rulesFor(principal: Principal): Iterable<Rule> {
    const { username } = principal;
    yield* username === undefined ? this.#anonymous : this.#byUser.get(username) ?? [];
    for (const { access, filter } of this.#patterns) {
      const written = fillIn(filter, principal);
      if (written !== undefined) yield { access, filter: written };
    }
  }
}

function grants(access: Rule["access"], action: Action): boolean {
  return access === "readwrite" || access === (action === "publish" ? "write" : "read");
}

/**
 * Fills in a pattern for one client. A name that contains a separator or a wildcard matches no pattern: otherwise a
 * client named `#` would have access to every topic.
 */
function fillIn(pattern: string, { clientId, username }: Principal): string | undefined {
  const needsUser = pattern.includes("%u");
  const needsClient = pattern.includes("%c");
  if ((needsUser && !isOneLevel(username)) || (needsClient && !isOneLevel(clientId))) return undefined;
  const filter = pattern.replaceAll(/%[uc]/g, (mark) => mark === "%u" ? username! : clientId);
  // A client named $SYS gets no access to the broker's own topics.
  return filter.startsWith("$") && !pattern.startsWith("$") ? undefined : filter;
}

function isOneLevel(name: string | undefined): boolean {
  return name !== undefined && name !== "" && !/[+#/]/.test(name);
}

const accesses = ["read", "write", "readwrite", "deny"] as const;

/**
 * Parses the text of an ACL file.
 *
 * @param path for error messages
 * @throws UsageError for a line that cannot be parsed
 */
export function parseAcl(text: string, path: string): Acl {
  const anonymous: Rule[] = [];
  const byUser = new Map<string, Rule[]>();
  const patterns: Rule[] = [];
  let own = anonymous;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const fail = (why: string) => new UsageError(`Cannot read line ${index + 1} of ACL file ${path}: ${why}`);
    const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(line)!;
    if (word === "user") {
      if (rest === "") throw fail("expected a name after user");
      own = byUser.get(rest) ?? [];
      byUser.set(rest, own);
    } else if (word === "topic" || word === "pattern") {
      (word === "topic" ? own : patterns).push(readRule(rest, fail));
    } else throw fail(`expected user, topic or pattern, not "${word}"`);
  }
  return new Acl(anonymous, byUser, patterns);
}

function readRule(text: string, fail: (why: string) => UsageError): Rule {
  const [, word, rest] = /^(\S+)\s+(\S.*)$/.exec(text) ?? [];
  const access = accesses.find((one) => one === word);
  const filter = access === undefined ? text : rest!;
  if (isValidTopicFilter(filter)) return { access: access ?? "readwrite", filter };
  throw fail(`expected [read|write|readwrite|deny] and a topic filter, not ${JSON.stringify(text)}`);
}
