/**
 * Password hashes: salted, and slow to compute. The broker writes PBKDF2 with SHA-512 in the format of
 * mosquitto_passwd, so that each program reads the other's files; it also reads the older `$6$` (one salted SHA-512).
 */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../base/failure.ts";
import { freshBytes } from "../../base/random.ts";

/** A password's hash and its parameters; 1 iteration of `sha512` is mosquitto's `$6$`. */
export interface PasswordHash {
  readonly kind: "pbkdf2" | "sha512";
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const hashBytes = 64;
const saltBytes = 16;
/** OWASP's figure for PBKDF2 with SHA-512: about 0.1 s on a current core. */
export const defaultIterations = 210_000;
/** With more iterations, one line of the file could block every login. */
const mostIterations = 10_000_000;

/**
 * PBKDF2 off this thread. Web Crypto of the runtime needs about 0.65 of the time of `pbkdf2` of node:crypto, which
 * counts because logins wait for it.
 */
async function derive(password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("raw", Uint8Array.from(password), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-512", salt: Uint8Array.from(salt), iterations };
  return new Uint8Array(await subtle.deriveBits(parameters, key, 8 * hashBytes));
}

/** Hashes a new password. Takes about 0.1 s, off this thread. */
export async function hashPassword(password: string | Uint8Array, iterations = defaultIterations): Promise<string> {
  const salt = freshBytes(saltBytes);
  const hash = await derive(Buffer.from(password), salt, iterations);
  return `$7$${iterations}$${Buffer.from(salt).toString("base64")}$${Buffer.from(hash).toString("base64")}`;
}

/**
 * Parses a hash of {@link hashPassword} or mosquitto_passwd: `$7$iterations$salt$hash` or `$6$salt$hash`.
 *
 * @throws UsageError if it is neither; the message does not contain the hash
 */
export function parsePasswordHash(text: string): PasswordHash {
  const [start, kind, ...rest] = text.split("$");
  const [iterations, salt, hash] = kind === "6" ? ["1", ...rest] : rest;
  const count = Number(iterations);
  const read = {
    kind: kind === "6" ? "sha512" : "pbkdf2",
    iterations: count,
    salt: Buffer.from(salt ?? "", "base64"),
    hash: Buffer.from(hash ?? "", "base64"),
  } as const;
  const wellFormed = start === "" && (kind === "6" || kind === "7") && rest.length === (kind === "6" ? 2 : 3) &&
    Number.isInteger(count) && count >= 1 && count <= mostIterations &&
    read.salt.length > 0 && read.hash.length === hashBytes;
  if (wellFormed) return read;
  throw new UsageError("expected $7$iterations$salt$hash, as mqtt-sim broker passwd and mosquitto_passwd write it");
}

/** Whether the password matches the hash. A slow hash is computed off this thread. */
export async function isPassword(
  password: Uint8Array,
  { kind, iterations, salt, hash }: PasswordHash,
): Promise<boolean> {
  const tried = kind === "sha512"
    ? createHash("sha512").update(password).update(salt).digest()
    : await derive(password, salt, iterations);
  return timingSafeEqual(tried, hash);
}
