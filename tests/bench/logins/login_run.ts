/** All phases against one broker whose users file `mqtt-sim broker passwd` has written. */
import { startOurBroker } from "../../support/brokers/peers.ts";
import {
  fleetUsers,
  floodPhase,
  legitimateUsers,
  passwordOf,
  type Phase,
  stormPhase,
  wrongLogins,
} from "./login_phases.ts";

export interface LoginSettings {
  readonly clients: number;
  readonly wrongPerSecond: number;
}

/** Adds each user by the command, which computes the hash with the default number of iterations. */
async function writeUsers(path: string): Promise<void> {
  for (const user of [...fleetUsers, ...legitimateUsers]) {
    const args = ["run", "--quiet", "--no-prompt", "--allow-all", "cli.ts", "broker", "passwd", path, user];
    const root = new URL("../../../", import.meta.url);
    const child = new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "piped", stdout: "null" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${passwordOf(user)}\n`));
    await writer.close();
    if (!(await child.status).success) throw new Error(`broker passwd has not added ${user}`);
  }
}

/** @param told called with each phase once it is over */
export async function runLogins(settings: LoginSettings, told: (phase: Phase) => void): Promise<Phase[]> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-logins" });
  try {
    await writeUsers(`${folder}/users`);
    const phases: Phase[] = [];
    const keep = (phase: Phase) => {
      phases.push(phase);
      told(phase);
    };
    await using broker = await startOurBroker(["--users", `${folder}/users`]);
    const all = { ...settings, port: broker.port };
    keep(await stormPhase(all, "a storm on a broker that has just started"));
    keep(await stormPhase(all, "a storm of the same clients again"));
    for (const flood of wrongLogins) keep(await floodPhase(all, flood));
    for (const flood of wrongLogins) keep(await stormPhase(all, `a storm, and wrong logins ${flood.title}`, flood));
    return phases;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
