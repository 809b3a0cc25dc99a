/** One attack on one broker: memory, the service of legitimate clients, and a will right after it. */
import { ChildProcess } from "../../support/machine/child_process.ts";
import type { Attack } from "./attack.ts";
import type { AttackCount } from "./attack_rig.ts";
import { type AttackedBroker, type BrokerName, type Counted, startAttacked } from "./attacked_broker.ts";
import { HonestClient } from "./honest_client.ts";
import { HonestTraffic, type Service } from "./honest_traffic.ts";
import { memoryOf, watchMemory } from "./process_memory.ts";

/** What the bench ran, and its outcome. */
export interface AttackOutcome {
  readonly attack: string;
  readonly broker: BrokerName;
  /** Undefined if the attacker ended without output. */
  readonly count: AttackCount | undefined;
  readonly startBytes: number;
  readonly peakBytes: number;
  readonly service: Service;
  readonly counted: Counted;
  /** From the end of a client to its will, in milliseconds; undefined if the will did not arrive. */
  readonly willMs: number | undefined;
  /** The answer to a new client right after: 0 for success, undefined for none. */
  readonly newClient: number | undefined;
  /** Why the broker ended, if it did. */
  readonly ended: string | undefined;
}

export interface AttackSettings {
  readonly seconds: number;
  readonly maxMemory: string;
  /** The memory in bytes above which the bench ends a broker. */
  readonly capBytes: number;
}

const missingWaitMs = 3_000;
const willWaitMs = 5_000;
/** How long legitimate clients are served before the attack begins, in milliseconds. */
const warmMs = 500;

export async function runAttack(attack: Attack, name: BrokerName, settings: AttackSettings): Promise<AttackOutcome> {
  await using broker = await startAttacked(name, settings.maxMemory);
  const traffic = await HonestTraffic.open(broker.port);
  const wills = await WillWatch.open(broker.port);
  traffic.start();
  await pause(warmMs);
  const startBytes = memoryOf(broker.pid).residentBytes;
  const watch = watchMemory(broker.pid, settings.capBytes);
  await using attacker = startAttacker(attack, broker, settings.seconds);
  traffic.measure();
  const count = await countOf(attacker, settings.seconds);
  const service = await traffic.stop(missingWaitMs);
  const willMs = await wills.look();
  const newClient = await loginOf(broker.port);
  const counted = await broker.counted();
  const { peakBytes, isCapped } = watch.stop();
  const ended = isCapped ? "ended by the bench" : broker.isAlive() ? undefined : "ended by itself";
  traffic.close();
  wills.close();
  return {
    attack: attack.name,
    broker: name,
    count,
    startBytes,
    peakBytes,
    service,
    counted,
    willMs,
    newClient,
    ended,
  };
}

function startAttacker(attack: Attack, { port, webSocketPort }: AttackedBroker, seconds: number): ChildProcess {
  const script = new URL("./attacker.ts", import.meta.url).pathname;
  const flags = ["run", "--quiet", "--no-check", "--no-prompt", "--allow-net=127.0.0.1", "--ignore-env"];
  // A lower priority, so that the attacker takes no core from the measured legitimate clients.
  const args = ["-n", "10", Deno.execPath(), ...flags, script, attack.name];
  return new ChildProcess("nice", [...args, ...[seconds, port, webSocketPort].map(String)]);
}

async function countOf(attacker: ChildProcess, seconds: number): Promise<AttackCount | undefined> {
  try {
    const [line] = await attacker.line(/^\{.*\}$/, { limitMs: (seconds + 10) * 1_000 });
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A client with a will, and one that receives it. */
class WillWatch {
  private constructor(readonly mortal: HonestClient, readonly watcher: HonestClient) {}

  static async open(port: number): Promise<WillWatch> {
    const watcher = await HonestClient.connect(port, { clientId: "will-watcher" });
    await watcher.subscribe("honest/will");
    const will = { topic: "honest/will", payload: new Uint8Array(20), qos: 1, retain: false } as const;
    return new WillWatch(await HonestClient.connect(port, { clientId: "mortal", will }), watcher);
  }

  async look(): Promise<number | undefined> {
    const came = new Promise<true>((resolve) => this.watcher.onPublish = () => resolve(true));
    const fromMs = performance.now();
    this.mortal.close();
    const hasCome = await Promise.race([came, pause(willWaitMs)]);
    return hasCome === true ? performance.now() - fromMs : undefined;
  }

  close(): void {
    this.watcher.close();
  }
}

async function loginOf(port: number): Promise<number | undefined> {
  try {
    const client = await HonestClient.dial(port);
    const code = await Promise.race([client.login({ clientId: "newcomer" }), pause(willWaitMs)]);
    client.close();
    return code ?? undefined;
  } catch {
    return undefined;
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}
