/**
 * The attacker as a separate process: runs one attack for a time, prints its counts, and keeps its links open until the
 * bench ends it.
 *
 *   attacker.ts NAME SECONDS PORT WEBSOCKET-PORT
 */
import { attacks } from "./attack_catalog.ts";
import { AttackRig, pause } from "./attack_rig.ts";

const [name, seconds, port, webSocketPort] = Deno.args;
const attack = attacks.find((each) => each.name === name);
if (attack === undefined) throw new Error(`no attack has the name ${name}`);
const rig = new AttackRig(Number(port), Number(webSocketPort));
void attack.run(rig);
await pause(Number(seconds) * 1_000);
rig.stop();
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(rig.count)}\n`));
// A timer keeps the process alive, and with it the links.
await pause(600_000);
