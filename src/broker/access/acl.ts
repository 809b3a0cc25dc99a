/**
 * Who may publish and subscribe where, in the form of mosquitto's acl_file:
 *
 *     topic read news/#            for those who gave no name
 *     user ann
 *     topic readwrite ann/#        for ann alone
 *     topic deny ann/secret        stronger than whatever allows it
 *     pattern write meters/%u/%c   for everyone: %u is the user name, %c the client identifier
 *
 * Nothing is allowed that no line allows. `topic` and `pattern` without a word mean readwrite. Differences: a
 * subscription is judged when it is asked for, by its filter as a whole, and not message by message: it is refused
 * unless one line takes in all of it and no deny reaches into it.
 */
import { UsageError } from "../../base/failure.ts";
import { isSharedFilter, isValidTopicFilter, parseSharedFilter } from "../../mqtt/topic.ts";
import { covers, overlaps } from "./filter_cover.ts";

/** What one wants to do. A will is a publication. */
export type Action = "publish" | "subscribe";

/** Who wants to do it. */
export interface Principal {
  /** The client identifier. */
  readonly clientId: string;
  /** Undefined for those who gave none. */
  readonly username: string | undefined;
}

interface Rule {
  readonly access: "read" | "write" | "readwrite" | "deny";
  readonly filter: string;
}

/** Rules as they were read; they do not change. */
export class Acl {
  readonly #anonymous: readonly Rule[];
  readonly #byUser: ReadonlyMap<string, readonly Rule[]>;
  readonly #patterns: readonly Rule[];

  constructor(anonymous: readonly Rule[], byUser: ReadonlyMap<string, readonly Rule[]>, patterns: readonly Rule[]) {
    this.#anonymous = anonymous;
    this.#byUser = byUser;
    this.#patterns = patterns;
  }

  /** Whether it is allowed. @param topic a topic name, or the filter of a subscription, shared or not */
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
 * A pattern for one client. Names that would change its levels or be wildcards in it fit no pattern: a client that calls
 * itself `#` would be let in everywhere.
 */
function fillIn(pattern: string, { clientId, username }: Principal): string | undefined {
  const needsUser = pattern.includes("%u");
  const needsClient = pattern.includes("%c");
  if ((needsUser && !isOneLevel(username)) || (needsClient && !isOneLevel(clientId))) return undefined;
  const filter = pattern.replaceAll(/%[uc]/g, (mark) => mark === "%u" ? username! : clientId);
  // A client that calls itself $SYS gets no right to the broker's own topics.
  return filter.startsWith("$") && !pattern.startsWith("$") ? undefined : filter;
}

function isOneLevel(name: string | undefined): boolean {
  return name !== undefined && name !== "" && !/[+#/]/.test(name);
}

const accesses = ["read", "write", "readwrite", "deny"] as const;

/**
 * Reads the text of an ACL file.
 *
 * @param path for the sentence of an error
 * @throws UsageError for a line that cannot be read
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
