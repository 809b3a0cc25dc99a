/**
 * The users file: one `name:hash` per line, in the format of mosquitto_passwd. Empty lines and lines that begin with
 * `#` are ignored.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../base/failure.ts";
import { freshBytes } from "../../base/random.ts";
import { isPassword, parsePasswordHash, type PasswordHash } from "./password_hash.ts";

/** The users and their password hashes. */
export class Users {
  readonly #hashes: ReadonlyMap<string, PasswordHash>;
  /** Cache of HMACs of verified passwords under a secret of this process, so that mass reconnects skip PBKDF2. */
  readonly #proven = new Map<string, Uint8Array>();
  readonly #secret = freshBytes(32);
  readonly #mostIterations: number;
  /** Total number of hash iterations that were computed, over all logins. */
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

  /** A fast digest of a password, useless without the secret of this process. */
  digestOf(password: Uint8Array | undefined): Uint8Array {
    return createHmac("sha256", this.#secret).update(password ?? nothing).digest();
  }

  /** Whether this password was verified before; fast. */
  isProven(name: string, password: Uint8Array | undefined): boolean {
    const proven = this.#proven.get(name);
    return proven !== undefined && password !== undefined && timingSafeEqual(proven, this.digestOf(password));
  }

  /** Whether the password is correct. Every name, known or not, costs as much as the most expensive line. */
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

/** A hash without a password, so that an unknown name costs as much as a known one. */
function decoy(iterations: number): PasswordHash {
  return { kind: "pbkdf2", iterations, salt: decoySalt, hash: decoyHash };
}

const decoySalt = new Uint8Array(16);
const decoyHash = new Uint8Array(64);

/**
 * Parses the text of a users file.
 *
 * @param path for error messages
 * @throws UsageError for a line that cannot be parsed, or a duplicate name
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
 * The text of a users file with a user added, or with a new hash for an existing user; the rest stays unchanged.
 *
 * @throws UsageError for a name that the format cannot represent
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
