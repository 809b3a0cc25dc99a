/**
 * A generator as a separate process: `storm_process.ts PORT CLIENTS`. It warms the broker up by small storms, connects
 * its clients, prints `connected`, and resets them all on SIGUSR2; it prints the outcome as one line of JSON.
 */
import { chooseEngine, engines } from "../../../src/net/engine.ts";
import { CpuClock } from "./process_cost.ts";
import { Swarm } from "./swarm.ts";
import { warmMs } from "./contest.ts";

const [port, clients] = Deno.args.map(Number) as [number, number];
const engine = engines[(await chooseEngine("auto")).name];
const swarm = new Swarm(engine, port, "share");
await swarm.subscribe(await swarm.connect(1), "will/#", 0);

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function storm(): Promise<unknown> {
  const clock = new CpuClock(Deno.pid);
  swarm.forget();
  const fromMs = performance.now();
  const resetMs = swarm.reset(all);
  await swarm.messagesCome(clients);
  return { done: swarm.messages, ms: swarm.lastMs - fromMs, resetMs, generatorUs: clock.us };
}

for (const untilMs = performance.now() + warmMs; performance.now() < untilMs;) {
  const few = await swarm.connect(1_000, { willQoS: 0 });
  swarm.doom(few);
  swarm.forget();
  swarm.reset(few);
  await swarm.messagesCome(few.length);
  swarm.bury();
}
const all = await swarm.connect(clients, { willQoS: 0 });
swarm.doom(all);
Deno.addSignalListener("SIGUSR2", () => void storm().then((outcome) => print(JSON.stringify(outcome))));
print("connected");
