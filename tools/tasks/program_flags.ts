/** The flags that the task `mqtt-sim` and the binary have in common, as `tools/tasks/program_flags.txt` lists them. */
export function programFlags(): string[] {
  return Deno.readTextFileSync(new URL("./program_flags.txt", import.meta.url)).trim().split(/\s+/);
}
