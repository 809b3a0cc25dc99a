/**
 * The time from the start of the program to its end: the binary, and the sources under Deno. `--version` loads no
 * command, `--help` the command line, `fleet profiles` one command. Without dist/mqtt-sim (`deno task compile`) the
 * binary is left out.
 */
import { programFlags } from "../../tools/tasks/program_flags.ts";

const root = new URL("../../", import.meta.url).pathname;
const binary = `${root}dist/mqtt-sim`;
const asked = [["--version"], ["--help"], ["fleet", "profiles"]];

for (const args of asked) {
  const group = `start ${args.join(" ")}`;
  bench("the binary", group, "sh", ["-c", `exec "${binary}" "$@"`, "sh", ...args], !isThere(binary));
  bench("the sources", group, Deno.execPath(), ["run", ...programFlags(), `${root}cli.ts`, ...args], false);
}

function bench(name: string, group: string, program: string, args: readonly string[], ignore: boolean): void {
  const command = new Deno.Command(program, { args: [...args], stdin: "null", stdout: "null" });
  Deno.bench({
    name: `${group}: ${name}`,
    group,
    ignore,
    n: 20,
    warmup: 3,
    fn: async () => {
      const { code } = await command.output();
      if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
    },
  });
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
