/**
 * Storms of logins with passwords, and floods of wrong passwords: the wait of each client, and of one legitimate login
 * among them:
 *
 *   deno task bench:logins [--clients 5000] [--wrong 250]
 */
import { parseArgs } from "node:util";
import { parseWhole } from "../../src/base/units.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { runLogins } from "./logins/login_run.ts";
import { phaseLine } from "./logins/login_table.ts";

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => void ChildProcess.endAll().then(() => Deno.exit(130)));
}
try {
  const options = {
    clients: { type: "string", default: "5000" },
    wrong: { type: "string", default: "250" },
    json: { type: "string" },
  } as const;
  const { clients, wrong, json } = parseArgs({ args: Deno.args, options }).values;
  const settings = { clients: parseWhole(clients, "--clients"), wrongPerSecond: parseWhole(wrong, "--wrong") };
  const phases = await runLogins(settings, (phase) => print(phaseLine(phase)));
  if (json !== undefined) await Deno.writeTextFile(json, JSON.stringify(phases));
} catch (error) {
  await ChildProcess.endAll();
  print(`bench:logins: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = 1;
}
Deno.exit();
