/** The token of an operator: read from a file that other users cannot read, and compared in constant time. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../base/failure.ts";
import { freshBytes } from "../../base/random.ts";
import { formatCount } from "../../base/units.ts";

/** Minimum length of a token, in characters. */
const shortest = 16;
const longest = 1_024;
/** Permission bits of other users of the machine. */
const others = 0o007;

/** The token that a broker accepts. Create it with {@link AdminToken.open}. */
export class AdminToken {
  readonly #path: string;
  /** Comparing two HMACs under a secret of this process takes the same time for all texts. */
  readonly #secret = freshBytes(32);
  #digest: Uint8Array;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#digest = this.#digestOf(token);
  }

  /** Reads the file. @throws UsageError if it cannot be used */
  static async open(path: string): Promise<AdminToken> {
    return new AdminToken(path, await readToken(path));
  }

  /** Reads the file again; {@link take} then makes its token the valid one. @throws UsageError */
  read(): Promise<string> {
    return readToken(this.#path);
  }

  /** Makes this token the valid one, and the previous one invalid. */
  take(token: string): void {
    this.#digest = this.#digestOf(token);
  }

  /** Whether the `authorization` field of a request is `Bearer` with the token. */
  matches(authorization: string): boolean {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return token !== undefined && timingSafeEqual(this.#digestOf(token), this.#digest);
  }

  #digestOf(token: string): Uint8Array {
    return createHmac("sha256", this.#secret).update(token).digest();
  }
}

/**
 * Reads a token from its file.
 *
 * @throws UsageError for a file that cannot be read, that other users can access, or that contains no token; the
 * message does not contain the token
 */
export async function readToken(path: string): Promise<string> {
  const token = (await textOf(path)).trim();
  if (token.length >= shortest && token.length <= longest && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    `Cannot use token file ${path}: expected one line of ${shortest} to ${formatCount(longest)} ASCII ` +
      "characters without spaces",
  );
}

async function textOf(path: string): Promise<string> {
  try {
    using file = await Deno.open(path);
    const { isFile, mode } = await file.stat();
    if (!isFile) throw new UsageError(`Cannot use token file ${path}: expected a regular file`);
    if (mode !== null && Deno.build.os !== "windows" && (mode & others) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new UsageError(`Cannot use token file ${path}: its mode ${shown} gives other users access; expected 0600`);
    }
    // Room for one character more than the longest token with its line end: a larger file is not read whole.
    const buffer = new Uint8Array(longest + 3);
    let length = 0;
    for (let read: number | null = 0; read !== null && length < buffer.length; length += read ?? 0) {
      // deno-lint-ignore no-await-in-loop
      read = await file.read(buffer.subarray(length));
    }
    return new TextDecoder().decode(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof UsageError || error instanceof Deno.errors.NotCapable) throw error;
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "the file cannot be opened";
    throw new UsageError(`Cannot read token file ${path}: ${why}; expected a file with a token, mode 0600`);
  }
}
