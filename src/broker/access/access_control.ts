/** Authentication and authorization by a users file and an ACL file, which the broker can read again while it runs. */
import { UsageError } from "../../base/failure.ts";
import { monotonicClock } from "../../base/clock.ts";
import { type CheckOutcome, LoginQueue } from "./login_queue.ts";
import { type Acl, type Action, parseAcl, type Principal } from "./acl.ts";
import type { Identity } from "./identity.ts";
import { addressOf } from "./peer_address.ts";
import { parseUsers, type Users } from "./users.ts";

/** The paths of the rules, and the behaviour without them. */
export interface AccessFiles {
  /** User names and passwords. Without this file the broker accepts no login with a user name and password. */
  readonly users?: string | undefined;
  /** The rights of each user. Without this file every action is allowed. */
  readonly acl?: string | undefined;
  /** Accepts clients that give no user name; false by default. */
  readonly allowAnonymous?: boolean | undefined;
  /** Uses the common name of a verified client certificate as the user name, without a password. */
  readonly certificateIsUser?: boolean | undefined;
}

/** A login to judge. */
export interface LoginToJudge extends Principal {
  /** The password in CONNECT, if there is one. */
  readonly password: Uint8Array | undefined;
  /** The common name of the client certificate, if there is one. */
  readonly certificateName?: string | undefined;
  /** The peer of the link, as `host:port`; the queue serves addresses in turn. */
  readonly peer?: string;
  /** Whether the connection has ended in the meantime: if so, its password is not checked. */
  readonly isOver?: () => boolean;
}

interface AclRules {
  readonly users: Users | undefined;
  readonly acl: Acl | undefined;
}

/** The rules of both files; made by {@link AccessControl.open}. */
export class AccessControl {
  readonly #files: AccessFiles;
  readonly #queue: LoginQueue;
  /** Checks that are queued or running, by name and password. */
  readonly #underWay = new Map<string, JointCheck>();
  #rules: AclRules;

  private constructor(files: AccessFiles, rules: AclRules) {
    this.#files = files;
    this.#rules = rules;
    this.#queue = new LoginQueue({ ...queueLimits, parallel, nowMs: () => monotonicClock.nowMs() });
  }

  /** Reads the files. @throws UsageError for one that cannot be read */
  static async open(files: AccessFiles): Promise<AccessControl> {
    return new AccessControl(files, await readRules(files));
  }

  /** Reads both files again. If one cannot be read, the rules of both stay unchanged. @throws UsageError if so */
  async reload(): Promise<void> {
    this.#rules = await readRules(this.#files);
  }

  /** The identity of an accepted login. */
  identityOf({ username, certificateName }: LoginToJudge): Identity {
    if (this.#files.certificateIsUser && certificateName !== undefined) {
      return { username: certificateName, proof: "certificate" };
    }
    return { username, proof: username === undefined ? "none" : "password" };
  }

  /** Judges a login; synchronously if no password has to be hashed. */
  judge(login: LoginToJudge): Promise<LoginVerdict> | LoginVerdict {
    const { users } = this.#rules;
    if (this.#files.certificateIsUser && login.certificateName !== undefined) return "accept";
    if (login.username === undefined) return this.#allowsAnonymous ? "accept" : "not-authorized";
    // Without a users file, a user name has no proof.
    if (users === undefined) return "not-authorized";
    if (users.isProven(login.username, login.password)) return "accept";
    return this.#check(users, login.username, login);
  }

  /** Checks concurrent logins with the same name and password once, such as those of a fleet that reconnects. */
  async #check(users: Users, name: string, { password, peer = "", isOver = () => false }: LoginToJudge) {
    const key = `${name}\n${users.digestOf(password).join()}`;
    let joint = this.#underWay.get(key);
    if (joint === undefined) {
      const waiting = [isOver];
      const isOverForAll = () => waiting.every((each) => each());
      // All unknown names together count as one user.
      const user = users.has(name) ? name : "";
      const outcome = this.#queue.check(addressOf(peer), user, () => users.verify(name, password), isOverForAll);
      joint = { waiting, outcome };
      this.#underWay.set(key, joint);
      void outcome.finally(() => this.#underWay.delete(key));
    } else joint.waiting.push(isOver);
    return verdictOf[await joint.outcome];
  }

  /** Whether a user who logged in earlier could still log in. */
  knows({ username, proof }: Identity): boolean {
    if (proof === "certificate") return this.#files.certificateIsUser === true;
    if (username === undefined) return this.#allowsAnonymous;
    // A store of an older version has names without their proof.
    if (proof === undefined && this.#files.certificateIsUser) return true;
    return this.#rules.users?.has(username) === true;
  }

  get #allowsAnonymous(): boolean {
    return this.#files.allowAnonymous ?? false;
  }

  /** Whether the action is allowed; without an ACL file every action is. */
  allows(principal: Principal, action: Action, topic: string): boolean {
    return this.#rules.acl?.allows(principal, action, topic) ?? true;
  }
}

/** The answer to a login. */
export type LoginVerdict = "accept" | "bad-credentials" | "not-authorized" | "busy";

const verdictOf: Readonly<Record<CheckOutcome, LoginVerdict>> = {
  right: "accept",
  wrong: "bad-credentials",
  busy: "busy",
};

/** One check for several logins. */
interface JointCheck {
  readonly waiting: (() => boolean)[];
  readonly outcome: Promise<CheckOutcome>;
}

/** Shorter than the timeout of a typical client, and than the broker's `timeToConnectMs`. */
const queueLimits = { perUser: 4, longestWaitMs: 5_000 } as const;
/** One core stays free for the broker. */
const parallel = Math.max(1, navigator.hardwareConcurrency - 1);

async function readRules({ users, acl }: AccessFiles): Promise<AclRules> {
  return {
    users: users === undefined ? undefined : parseUsers(await read("users", users), users),
    acl: acl === undefined ? undefined : parseAcl(await read("ACL", acl), acl),
  };
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${what} file ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
