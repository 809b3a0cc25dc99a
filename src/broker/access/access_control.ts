/**
 * Who comes in and what they may do, by a users file and an ACL file that can be read again while the broker runs.
 */
import { UsageError } from "../../base/failure.ts";
import { type Acl, type Action, parseAcl, type Principal } from "./acl.ts";
import { parseUsers, type Users } from "./users.ts";

/** Where the rules are, and what holds without them. */
export interface AccessFiles {
  /** Users and their passwords; without it, a password opens nothing and closes nothing. */
  readonly users?: string | undefined;
  /** What each may do; without it, everything. */
  readonly acl?: string | undefined;
  /** Lets in those who give no name. Without it, they are let in where there is no users file. */
  readonly allowAnonymous?: boolean | undefined;
  /** Takes a verified client certificate's common name for the user name, and asks for no password then. */
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

  /** The name under which a login counts. */
  usernameOf({ username, certificateName }: LoginToJudge): string | undefined {
    return this.#files.certificateIsUser ? certificateName ?? username : username;
  }

  /** Judges a login; at once where no password is to be tried. */
  judge(login: LoginToJudge): Promise<Verdict> | Verdict {
    const { users } = this.#rules;
    if (this.#files.certificateIsUser && login.certificateName !== undefined) return "accept";
    if (login.username === undefined) {
      return this.#files.allowAnonymous ?? users === undefined ? "accept" : "not-authorized";
    }
    if (users === undefined) return "accept";
    return users.verify(login.username, login.password).then((right) => right ? "accept" : "bad-credentials");
  }

  /** Whether a user who came in earlier would still be known. */
  knows(username: string | undefined): boolean {
    const { users } = this.#rules;
    if (users === undefined || this.#files.certificateIsUser) return true;
    return username === undefined ? this.#files.allowAnonymous ?? false : users.has(username);
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
