/**
 * Memory and service under attack: each attack for some seconds against our broker with `--max-memory`, and against
 * mosquitto, while legitimate clients exchange messages:
 *
 *   deno task bench:attacks [--only NAME ...] [--broker mqtt-sim|mosquitto] [--seconds 10] [--max-memory 256m]
 *   deno task docs:attacks
 *
 * `--markdown FILE` writes the complete docs/attacks.md, logins included. The bench ends a broker above 4 GiB.
 */
import { UsageError } from "../../src/base/failure.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { attackMarkdown } from "./attacks/attack_page.ts";
import { type AttackRequest, attackRequest, usage } from "./attacks/attack_request.ts";
import { type AttackOutcome, runAttack } from "./attacks/attack_run.ts";
import { outcomeLine } from "./attacks/attack_table.ts";
import { runLogins } from "./logins/login_run.ts";
import { phaseLine } from "./logins/login_table.ts";
import { machineFacts } from "./peers/machine_facts.ts";

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function run(args: readonly string[]): Promise<void> {
  const request = attackRequest(args);
  const outcomes: AttackOutcome[] = [];
  for (const attack of request.attacks) {
    print(`${attack.name}: ${attack.title}`);
    for (const broker of request.brokers) {
      const outcome = await runAttack(attack, broker, request);
      outcomes.push(outcome);
      print(`  ${outcomeLine(outcome)}`);
    }
  }
  if (request.json !== undefined) await Deno.writeTextFile(request.json, JSON.stringify(outcomes));
  if (request.markdown !== undefined) await writePage(request.markdown, request, outcomes);
}

/** Runs the logins, and writes the page. */
async function writePage(path: string, request: AttackRequest, outcomes: readonly AttackOutcome[]): Promise<void> {
  const facts = await machineFacts("deno");
  const phases = await runLogins({ clients: 5_000, wrongPerSecond: 250 }, (phase) => print(phaseLine(phase)));
  await Deno.writeTextFile(path, attackMarkdown({ ...request, facts, outcomes, phases }));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).output();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => void ChildProcess.endAll().then(() => Deno.exit(130)));
}
try {
  await run(Deno.args);
} catch (error) {
  await ChildProcess.endAll();
  const isUsage = error instanceof UsageError;
  print(`bench:attacks: ${error instanceof Error ? error.message : error}${isUsage ? `\n${usage}` : ""}`);
  Deno.exitCode = isUsage ? 2 : 1;
}
Deno.exit();
