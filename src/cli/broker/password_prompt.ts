/**
 * Reads a password: from a terminal without showing it, or as the first line of piped input.
 */
import { UsageError } from "../../base/failure.ts";
import type { Stream } from "../process/output.ts";

/** The source of keys: the process's standard input, or its replacement in a test. */
export interface Keys {
  isTerminal(): boolean;
  setRaw(raw: boolean): void;
  readSync(buffer: Uint8Array): number | null;
}

const enter = [10, 13];
const endOfText = 3; // Ctrl-C
const endOfTransmission = 4; // Ctrl-D
const erase = [8, 127];
const limitBytes = 65_535;

/** Prompts twice on a terminal. @throws UsageError when there is none, the two differ, or Ctrl-C is pressed */
export function readPassword({ err }: { readonly err: Stream }, keys: Keys = Deno.stdin): Uint8Array {
  if (!keys.isTerminal()) return notEmpty(readLine(keys, () => {}));
  const first = ask("Password: ", err, keys);
  const second = ask("Again: ", err, keys);
  if (first.length === second.length && first.every((byte, at) => byte === second[at])) return notEmpty(first);
  throw new UsageError("Cannot use the password: the two entries differ");
}

function ask(question: string, err: Stream, keys: Keys): Uint8Array {
  err.write(question);
  keys.setRaw(true);
  try {
    return readLine(keys, () => {
      throw new UsageError("Missing password");
    });
  } finally {
    keys.setRaw(false);
    err.write("\n");
  }
}

function readLine(keys: Keys, interrupted: () => void): Uint8Array {
  const line: number[] = [];
  const key = new Uint8Array(1);
  while (line.length < limitBytes && keys.readSync(key) !== null) {
    const byte = key[0]!;
    if (byte === endOfText) interrupted();
    if (enter.includes(byte) || byte === endOfTransmission) break;
    if (erase.includes(byte) && keys.isTerminal()) line.pop();
    else line.push(byte);
  }
  return Uint8Array.from(line);
}

function notEmpty(password: Uint8Array): Uint8Array {
  if (password.length > 0) return password;
  throw new UsageError("Cannot use an empty password");
}
