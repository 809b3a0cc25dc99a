/**
 * Files that the program reads whole or as a stream; `-` is standard input, for one file of a command.
 */
import { UsageError } from "../../base/failure.ts";

/** Names of standard input. The runtime permits none of the paths without all permissions. */
const names: ReadonlySet<string> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

let isTaken = false;

/** Whether the name is one of standard input. */
export function isStandardInput(path: string): boolean {
  return names.has(path);
}

/**
 * The bytes of a file, as they come.
 *
 * @throws UsageError when standard input is requested a second time; errors of the system as they are
 */
export async function openInput(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (!names.has(path)) return (await Deno.open(path)).readable;
  if (isTaken) throw new UsageError('Cannot read standard input twice: expected "-" for one file');
  isTaken = true;
  return Deno.stdin.readable;
}

/** The bytes of a file. @throws as {@link openInput} */
export async function readInput(path: string): Promise<Uint8Array> {
  if (!names.has(path)) return await Deno.readFile(path);
  return await new Response(await openInput(path)).bytes();
}

/** The text of a file. @throws as {@link openInput} */
export async function readInputText(path: string): Promise<string> {
  if (!names.has(path)) return await Deno.readTextFile(path);
  return await new Response(await openInput(path)).text();
}
