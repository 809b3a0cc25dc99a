/**
 * Who comes in and what they may do, by a users file and an ACL file that can be read again while the broker runs.
 */
import { UsageError } from "../../base/failure.ts";
import { type Acl, type Action, parseAcl, type Principal } from "./acl.ts";
import type { Identity } from "./identity.ts";
import { parseUsers, type Users } from "./users.ts";

/** Where the rules are, and what holds without them. */
export interface AccessFiles {
  /** Users and their passwords; without it, no login with a user name and password is accepted. */
  readonly users?: string | undefined;
  /** What each may do; without it, everything. */
  readonly acl?: string | undefined;
  /** Accepts clients that give no user name; false by default. */
  readonly allowAnonymous?: boolean | undefined;
  /** Takes the common name of a verified client certificate for the user name, without a password. */
  readonly certificateIsUser?: boolean | undefined;
}

/** A login as it is judged. */
export interface LoginToJudge extends Principal {
  readonly password: Uint8Array | undefined;
  readonly certificateName?: string | undefined;
}

interface Rules {
  readonly users: Users | undefined;
  readonly acl: Acl | undefined;
}

/** The rules of both files; made by {@link AccessControl.open}. */
export class AccessControl {
  readonly #files: AccessFiles;
  #rules: Rules;

  private constructor(files: AccessFiles, rules: Rules) {
    this.#files = files;
    this.#rules = rules;
  }

  /** Reads the files. @throws UsageError for one that cannot be read */
  static async open(files: AccessFiles): Promise<AccessControl> {
    return new AccessControl(files, await readRules(files));
  }

  /** Reads the files again: both are taken, or, when one cannot be read, neither. @throws UsageError then */
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

  /** Judges a login; at once where no password is to be tried. */
  judge(login: LoginToJudge): Promise<Verdict> | Verdict {
    const { users } = this.#rules;
    if (this.#files.certificateIsUser && login.certificateName !== undefined) return "accept";
    if (login.username === undefined) return this.#allowsAnonymous ? "accept" : "not-authorized";
    // A name without a users file has no proof.
    if (users === undefined) return "not-authorized";
    return users.verify(login.username, login.password).then((right) => right ? "accept" : "bad-credentials");
  }

  /** Whether a user who logged in earlier could still log in. */
  knows({ username, proof }: Identity): boolean {
    if (proof === "certificate") return this.#files.certificateIsUser === true;
    if (username === undefined) return this.#allowsAnonymous;
    // An older store has names without their proof.
    if (proof === undefined && this.#files.certificateIsUser) return true;
    return this.#rules.users?.has(username) === true;
  }

  get #allowsAnonymous(): boolean {
    return this.#files.allowAnonymous ?? false;
  }

  /** Whether it is allowed; everything is where there is no ACL file. */
  allows(principal: Principal, action: Action, topic: string): boolean {
    return this.#rules.acl?.allows(principal, action, topic) ?? true;
  }
}

type Verdict = "accept" | "bad-credentials" | "not-authorized";

async function readRules({ users, acl }: AccessFiles): Promise<Rules> {
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
