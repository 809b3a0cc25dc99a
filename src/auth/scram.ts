/**
 * The client of SCRAM (Salted Challenge Response Authentication Mechanism), without channel binding.
 *
 * Source: RFC 5802; RFC 7677 for SHA-256. SHA-512 differs in the hash alone.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import type { AuthClient, AuthExchange, Step } from "./exchange.ts";

/** The methods by their names, each with its hash. */
const hashes: ReadonlyMap<string, string> = new Map([
  ["SCRAM-SHA-1", "sha1"],
  ["SCRAM-SHA-256", "sha256"],
  ["SCRAM-SHA-512", "sha512"],
]);

/** The names of the methods. */
export const scramMethods: readonly string[] = [...hashes.keys()];

/** The largest iteration count that a server may demand: a million take about half a second of one core. */
const mostIterations = 1_000_000;

/** The most salted passwords that stay in memory. */
const mostKept = 10_000;

/** Without channel binding, and without another identity to act as. */
const gs2Header = "n,,";
const channelBinding = Buffer.from(gs2Header).toString("base64");

/** The keys that a salted password gives. */
interface Keys {
  readonly clientKey: Uint8Array;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The keys of passwords by method, password, salt and count: later exchanges of a user take no time for them. */
export class ScramKeys {
  readonly #kept = new Map<string, Keys>();

  of(hash: string, password: string, salt: string, iterations: number): Keys {
    const name = [hash, iterations, salt, password].join(" ");
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const length = createHash(hash).digest().length;
    const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, length, hash);
    const clientKey = createHmac(hash, salted).update("Client Key").digest();
    const storedKey = createHash(hash).update(clientKey).digest();
    const keys = { clientKey, storedKey, serverKey: createHmac(hash, salted).update("Server Key").digest() };
    if (this.#kept.size >= mostKept) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(name, keys);
    return keys;
  }
}

/** One exchange of a client; a new one has a new nonce. */
export class ScramExchange implements AuthExchange {
  readonly #hash: string;
  readonly #keys: ScramKeys;
  readonly #password: string;
  readonly #nonce: string;
  readonly #firstBare: string;
  /** What the server has to send to prove that it knows the password; undefined before its challenge. */
  #serverSignature: Uint8Array | undefined;
  #isProven = false;

  /** @param nonce printable characters without a comma that no other exchange has */
  constructor(method: string, { username, password }: AuthClient, nonce: string, keys: ScramKeys) {
    this.#hash = hashes.get(method)!;
    this.#keys = keys;
    this.#password = prepared(new TextDecoder().decode(password));
    this.#nonce = nonce;
    this.#firstBare = `n=${prepared(username).replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  }

  first(done: (step: Step) => void): void {
    done({ kind: "data", data: Buffer.from(gs2Header + this.#firstBare) });
  }

  answer(data: Uint8Array, done: (step: Step) => void): void {
    if (this.#serverSignature === undefined) return done(this.#prove(data));
    // Some servers send their proof in an AUTH of its own before CONNACK.
    const fault = this.#verify(data);
    done(fault === undefined ? { kind: "data", data: undefined } : { kind: "fault", sentence: fault });
  }

  finish(data: Uint8Array | undefined): string | undefined {
    if (this.#serverSignature === undefined) return "the broker granted access without a challenge";
    if (data !== undefined && data.length > 0) return this.#verify(data);
    return this.#isProven ? undefined : "the broker granted access without its signature";
  }

  /** The answer to the challenge. */
  #prove(data: Uint8Array): Step {
    const challenge = new TextDecoder().decode(data);
    const fault = (why: string): Step => ({ kind: "fault", sentence: `the broker's challenge ${why}` });
    const [, nonce = "", salt = "", count = ""] = /^r=([^,]+),s=([^,]+),i=(\d{1,10})(?:,.*)?$/.exec(challenge) ?? [];
    if (nonce === "") return fault("is not one of SCRAM");
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(salt)) {
      return fault("has a salt that is not base64");
    }
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      return fault("does not extend the client's nonce");
    }
    const iterations = Number(count);
    if (iterations < 1 || iterations > mostIterations) {
      return fault(`demands ${count} iterations; expected 1 to ${mostIterations}`);
    }
    const { clientKey, storedKey, serverKey } = this.#keys.of(this.#hash, this.#password, salt, iterations);
    const withoutProof = `c=${channelBinding},r=${nonce}`;
    const message = `${this.#firstBare},${challenge},${withoutProof}`;
    const signature = createHmac(this.#hash, storedKey).update(message).digest();
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!));
    this.#serverSignature = createHmac(this.#hash, serverKey).update(message).digest();
    return { kind: "data", data: Buffer.from(`${withoutProof},p=${proof.toString("base64")}`) };
  }

  /** Why the server's last message proves nothing; undefined where it proves that the server knows the password. */
  #verify(data: Uint8Array): string | undefined {
    const text = new TextDecoder().decode(data);
    const error = /^e=([^,]*)/.exec(text)?.[1];
    if (error !== undefined) return `the broker ended the exchange with the error ${JSON.stringify(error)}`;
    const received = Buffer.from(/^v=([^,]*)/.exec(text)?.[1] ?? "", "base64");
    const expected = this.#serverSignature!;
    this.#isProven = received.length === expected.length && timingSafeEqual(received, expected);
    return this.#isProven ? undefined : "the broker's signature is wrong: it does not know the password";
  }
}

/** A name or a password as both sides compute with it: spaces as one kind, and compatibility forms composed. */
function prepared(text: string): string {
  return text.replace(/\p{Zs}/gu, " ").normalize("NFKC");
}
