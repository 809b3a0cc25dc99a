/**
 * The users file: one `name:hash` a line, as mosquitto_passwd writes it. Empty lines and those that begin with `#` are
 * left alone.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../base/failure.ts";
import { freshBytes } from "../../base/random.ts";
import { isPassword, parsePasswordHash, type PasswordHash } from "./password_hash.ts";

/** Who may come in, by password. */
export class Users {
  readonly #hashes: ReadonlyMap<string, PasswordHash>;
  /** Fast digests, under a secret of this process, of passwords that were right: a fleet comes back all at once. */
  readonly #proven = new Map<string, Uint8Array>();
  readonly #secret = freshBytes(32);
  readonly #mostIterations: number;
  /** Iterations of the hash that were computed, of all logins together. */
  iterations = 0;

  constructor(hashes: ReadonlyMap<string, PasswordHash>) {
    this.#hashes = hashes;
    this.#mostIterations = Math.max(1, ...[...hashes.values()].map(({ iterations }) => iterations));
  }

  get size(): number {
    return this.#hashes.size;
  }

  has(name: string): boolean {
    return this.#hashes.has(name);
  }

  /** A digest of a password that is fast to make, and says nothing to whoever does not know this process's secret. */
  digestOf(password: Uint8Array | undefined): Uint8Array {
    return createHmac("sha256", this.#secret).update(password ?? nothing).digest();
  }

  /** Whether the password was right before, which takes no time to tell. */
  isProven(name: string, password: Uint8Array | undefined): boolean {
    const proven = this.#proven.get(name);
    return proven !== undefined && password !== undefined && timingSafeEqual(proven, this.digestOf(password));
  }

  /** Whether it is the user's password. Every name costs as much as the most expensive line, known or not. */
  async verify(name: string, password: Uint8Array | undefined): Promise<boolean> {
    const hash = this.#hashes.get(name);
    if (this.isProven(name, password)) return true;
    const tried = hash ?? decoy(this.#mostIterations);
    const right = await this.#try(password ?? nothing, tried);
    const missing = this.#mostIterations - tried.iterations;
    if (missing > 0) await this.#try(nothing, decoy(missing));
    if (!right || hash === undefined || password === undefined) return false;
    this.#proven.set(name, this.digestOf(password));
    return true;
  }

  #try(password: Uint8Array, hash: PasswordHash): Promise<boolean> {
    this.iterations += hash.iterations;
    return isPassword(password, hash);
  }
}

const nothing = new Uint8Array(0);

/** A hash of no password, for what it costs to try one. */
function decoy(iterations: number): PasswordHash {
  return { kind: "pbkdf2", iterations, salt: decoySalt, hash: decoyHash };
}

const decoySalt = new Uint8Array(16);
const decoyHash = new Uint8Array(64);

/**
 * Reads the text of a users file.
 *
 * @param path for the sentence of an error
 * @throws UsageError for a line that cannot be read, or a name that is there twice
 */
export function parseUsers(text: string, path: string): Users {
  const hashes = new Map<string, PasswordHash>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const fail = (why: string) => new UsageError(`Cannot read line ${index + 1} of users file ${path}: ${why}`);
    const colon = line.indexOf(":");
    if (colon <= 0) throw fail("expected name:hash");
    const name = line.slice(0, colon);
    if (hashes.has(name)) throw fail(`user "${name}" occurs twice`);
    try {
      hashes.set(name, parsePasswordHash(line.slice(colon + 1).trim()));
    } catch (error) {
      throw error instanceof UsageError ? fail(error.message) : error;
    }
  }
  return new Users(hashes);
}

/**
 * The text of a users file with a user added, or with a new hash for one that is there; the rest stays as it was.
 *
 * @throws UsageError for a name that no line can hold
 */
export function withUser(text: string, name: string, hash: string): string {
  if (name === "" || /[:\r\n#\0]/.test(name) || name.trim() !== name) {
    throw new UsageError(`Cannot add user ${JSON.stringify(name)}: expected a name without colon, # or outer space`);
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const at = lines.findIndex((line) => line.startsWith(`${name}:`));
  lines.splice(at < 0 ? lines.length : at, at < 0 ? 0 : 1, `${name}:${hash}`);
  return `${lines.join("\n")}\n`;
}
