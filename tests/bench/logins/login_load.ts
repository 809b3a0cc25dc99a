/**
 * The load of one phase as a separate process: prints `begin` at its start, and the outcome at its end.
 *
 *   login_load.ts SETTINGS, as JSON
 */
import { type LoadSettings, runLoad } from "./login_phases.ts";

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const settings: LoadSettings = JSON.parse(Deno.args[0]!);
print(JSON.stringify(await runLoad(settings, () => print("begin"))));
Deno.exit();
