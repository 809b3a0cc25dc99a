/** All phases against one broker whose users file `mqtt-sim broker passwd` has written. */
import { hashPassword } from "../../../src/broker/access/password_hash.ts";
import { withUser } from "../../../src/broker/access/users.ts";
import { startOurBroker } from "../../support/brokers/peers.ts";
import { fleetUsers, legitimateUsers, passwordOf, type Phase, runPhase, wrongLogins } from "./login_phases.ts";

export interface LoginSettings {
  readonly clients: number;
  readonly wrongPerSecond: number;
}

/** The command adds the first user; the function that it calls adds the others. */
async function writeUsers(path: string): Promise<void> {
  const [first, ...others] = [...fleetUsers, ...legitimateUsers];
  const args = ["run", "--quiet", "--no-prompt", "--allow-all", "cli.ts", "broker", "passwd", path, first!];
  const root = new URL("../../../", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "piped", stdout: "null" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${passwordOf(first!)}\n`));
  await writer.close();
  if (!(await child.status).success) throw new Error(`broker passwd has not added ${first}`);
  let text = await Deno.readTextFile(path);
  for (const user of others) text = withUser(text, user, await hashPassword(passwordOf(user)));
  await Deno.writeTextFile(path, text);
}

/** @param onPhase called with each phase after its end */
export async function runLogins(settings: LoginSettings, onPhase: (phase: Phase) => void): Promise<Phase[]> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-logins" });
  try {
    await writeUsers(`${folder}/users`);
    const phases: Phase[] = [];
    const keep = (phase: Phase) => {
      phases.push(phase);
      onPhase(phase);
    };
    await using broker = await startOurBroker(["--users", `${folder}/users`]);
    const all = { ...settings, port: broker.port };
    let number = 0;
    keep(await runPhase({ ...all, number: ++number, storm: true }, "a storm on a broker that has just started"));
    keep(await runPhase({ ...all, number: ++number, storm: true }, "a storm of the same clients again"));
    for (const storm of [false, true]) {
      for (const [flood, { title }] of wrongLogins.entries()) {
        keep(
          await runPhase(
            { ...all, number: ++number, storm, flood },
            `${storm ? "a storm, and " : ""}wrong logins ${title}`,
          ),
        );
      }
    }
    return phases;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
