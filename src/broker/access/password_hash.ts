/**
 * Passwords as they are kept: salted, and slow to try. Written as PBKDF2 with SHA-512 in the form of mosquitto_passwd,
 * so that either program reads the other's files; its older `$6$`, one salted SHA-512, is read too.
 */
import { Buffer } from "node:buffer";
import { createHash, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { UsageError } from "../../base/failure.ts";
import { freshBytes } from "../../base/random.ts";

/** A password's hash and how it was made; at 1 iteration of `sha512` it is mosquitto's `$6$`. */
export interface PasswordHash {
  readonly kind: "pbkdf2" | "sha512";
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const hashBytes = 64;
const saltBytes = 16;
/** OWASP's figure for PBKDF2 with SHA-512: about 0.1 s on a core of today. */
export const defaultIterations = 210_000;
/** More would let a line of the file stall every login. */
const mostIterations = 10_000_000;
const derive = promisify(pbkdf2);

/** Hashes a new password. Takes about a tenth of a second, off this thread. */
export async function hashPassword(password: string | Uint8Array, iterations = defaultIterations): Promise<string> {
  const salt = freshBytes(saltBytes);
  const hash = await derive(password, salt, iterations, hashBytes, "sha512");
  return `$7$${iterations}$${Buffer.from(salt).toString("base64")}$${hash.toString("base64")}`;
}

/**
 * Reads what {@link hashPassword} or mosquitto_passwd has written: `$7$iterations$salt$hash` or `$6$salt$hash`.
 *
 * @throws UsageError when it is neither; the hash is not in the sentence
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

/** Whether it is the password. Off this thread, where it takes its time. */
export async function isPassword(
  password: Uint8Array,
  { kind, iterations, salt, hash }: PasswordHash,
): Promise<boolean> {
  const tried = kind === "sha512"
    ? createHash("sha512").update(password).update(salt).digest()
    : await derive(password, salt, iterations, hashBytes, "sha512");
  return timingSafeEqual(tried, hash);
}
