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

  constructor(hashes: ReadonlyMap<string, PasswordHash>) {
    this.#hashes = hashes;
  }

  get size(): number {
    return this.#hashes.size;
  }

  has(name: string): boolean {
    return this.#hashes.has(name);
  }

  /** Whether it is the user's password. A name that is not known takes as long as one that is. */
  async verify(name: string, password: Uint8Array | undefined): Promise<boolean> {
    const hash = this.#hashes.get(name);
    const digest = createHmac("sha256", this.#secret).update(password ?? new Uint8Array(0)).digest();
    const proven = this.#proven.get(name);
    if (proven !== undefined && password !== undefined && timingSafeEqual(proven, digest)) return true;
    const right = await isPassword(password ?? new Uint8Array(0), hash ?? this.#decoy());
    if (!right || hash === undefined || password === undefined) return false;
    this.#proven.set(name, digest);
    return true;
  }

  #decoy(): PasswordHash {
    for (const hash of this.#hashes.values()) return hash;
    return { kind: "sha512", iterations: 1, salt: new Uint8Array(1), hash: new Uint8Array(64) };
  }
}

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
    if (hashes.has(name)) throw fail(`user "${name}" is there already`);
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
