/**
 * A sequence of brokers on one store, each killed under a storm of clients; the test compares the records of wills and
 * messages after each restart and at the end.
 */
import { Random } from "../../../src/base/random.ts";
import { aWill, bytesOf } from "../../broker/stage.ts";
import { ChildProcess } from "../machine/child_process.ts";
import { CrashPeer } from "./crash_peer.ts";
import { ffiFlags } from "../brokers/granted.ts";
import { Sender, trafficFaults, Watcher } from "./crash_traffic.ts";
import { WillBook, type WillLife } from "./crash_wills.ts";

const root = new URL("../../../", import.meta.url);
const permissions = "--quiet --no-prompt --allow-net=127.0.0.1 --allow-read --allow-write --ignore-env".split(" ")
  .concat(ffiFlags);
/** The number of clients that connect and die at the same time. */
const mills = 10;
/** The longest life of a broker after the comparison, in milliseconds. */
const stormMs = 250;

/** Options of a storm. */
export interface StormOptions {
  readonly seed: number;
  readonly kills: number;
  /** The program that serves the store, and its arguments; the path of the store follows. */
  readonly broker: readonly string[];
}

export class CrashStorm {
  readonly faults: string[] = [];
  readonly wills = new WillBook();
  /** Milliseconds from the start of each broker to its start line. */
  readonly startsMs: number[] = [];
  readonly sender = new Sender("sender", this.faults);
  readonly watcher = new Watcher("watcher", this.faults, (name, atMs) => this.wills.came(name, atMs));
  readonly #random: Random;
  readonly #options: StormOptions;
  readonly #last = new Map<string, WillLife>();
  #names = 0;
  #killing = false;

  constructor(options: StormOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** Sends and kills until a record has a fault or all kills are done; returns the number of kills. */
  async run(): Promise<number> {
    const directory = await Deno.makeTempDir({ prefix: "mqtt-sim-crash-" });
    try {
      let kills = 0;
      while (kills < this.#options.kills && this.faults.length === 0) {
        await this.#live(`${directory}/store.db`);
        kills++;
      }
      if (this.faults.length === 0) await this.#end(`${directory}/store.db`);
      return kills;
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }

  /** One life of the broker: the records agree, then a storm, then SIGKILL. */
  async #live(path: string): Promise<void> {
    this.#killing = false;
    await using child = new ChildProcess(Deno.execPath(), this.#args(path), { cwd: root });
    const port = await this.#started(child);
    await this.#balance(port);
    const living: WillLife[] = [];
    const storm = Array.from({ length: mills }, (_, mill) => this.#mill(port, mill, living));
    const watch = this.#comeAndGo(port);
    const burst = setInterval(() => this.sender.burst(this.#random, () => this.#name()), 2);
    await pause(this.#random.below(stormMs));
    clearInterval(burst);
    this.#killing = true;
    child.kill("SIGKILL");
    const endedMs = performance.now();
    await Promise.all([...storm, watch, child.exit()]);
    for (const life of living) life.endedMs ??= endedMs;
    this.faults.push(...child.lines.filter((line) => /warning|error/i.test(line)));
  }

  /** Everything settled: all messages have arrived, and the retained message is the last one sent. */
  async #end(path: string): Promise<void> {
    await using child = new ChildProcess(Deno.execPath(), this.#args(path), { cwd: root });
    const port = await this.#started(child);
    await this.#balance(port);
    await pause(Math.max(0, this.wills.lastMs - performance.now() + 100));
    await this.#balance(port, false);
    const seen = new Map<string, string>();
    const reader = new Watcher("reader", this.faults, () => {});
    await reader.connect(port);
    reader.onRetained = (topic, text) => void seen.set(topic, text);
    await reader.subscribe("r/#");
    this.sender.publish("r/fence", "last", 2);
    await reader.until("last");
    for (const [topic, text] of this.sender.retained) {
      if (seen.get(topic) !== text) this.faults.push(`retained ${topic}: ${seen.get(topic)}, not ${text}`);
    }
  }

  #args(path: string): string[] {
    return ["run", ...permissions, ...this.#options.broker, path];
  }

  async #started(child: ChildProcess): Promise<number> {
    const beganMs = performance.now();
    const [, port] = await child.line(/listening on mqtt:\/\/127\.0\.0\.1:(\d+)/);
    this.startsMs.push(performance.now() - beganMs);
    return Number(port);
  }

  /** Completes each open exchange, then sends a fence after all packets. */
  async #balance(port: number, connects = true): Promise<void> {
    if (connects) {
      if (!await this.watcher.connect(port) || !await this.sender.connect(port)) throw new Error("cannot connect");
      await this.watcher.subscribe("m/#", "w/#", "r/#");
    }
    await this.sender.quiet();
    const fence = `fence-${this.#name()}`;
    const passed = this.watcher.until(fence);
    this.sender.publish("m/2", fence, 2);
    await within(passed, "the watcher gets no fence");
    this.faults.push(...trafficFaults(this.sender, this.watcher), ...this.wills.faults(performance.now()));
  }

  /** Cuts the watcher's link in the middle of an exchange, and reconnects it. */
  async #comeAndGo(port: number): Promise<void> {
    await pause(this.#random.below(stormMs));
    if (this.#killing || this.#random.below(2) === 0) return;
    this.watcher.die();
    await this.watcher.connect(port);
  }

  /** Clients with wills, one after the other. */
  async #mill(port: number, mill: number, living: WillLife[]): Promise<void> {
    while (!this.#killing) {
      const returns = this.#random.below(3) > 0;
      const clientId = returns ? `c${mill}` : `c-${this.#name()}`;
      if (!await this.#visit(port, clientId, living)) break;
    }
  }

  /** One client's connection; returns whether it ended before the broker did. */
  async #visit(port: number, clientId: string, living: WillLife[]): Promise<boolean> {
    const [delayS, expiryS] = [this.#pick([0, 0, 1, 2]), this.#pick([0, 1, 30])];
    const life = this.wills.begin({ clientId, name: this.#name(), delayS, expiryS });
    const before = this.#last.get(clientId);
    this.#last.set(clientId, life);
    if (before !== undefined) before.askedBack = true;
    const will = aWill({ topic: `w/${clientId}`, qos: 2, payload: bytesOf(life.asked.name) });
    const asked = { clientId, cleanStart: false, properties: { sessionExpiryIntervalS: expiryS } };
    const delay = delayS > 0 ? { delayIntervalS: delayS } : {};
    const peer = new CrashPeer(port, { ...asked, will: { ...will, ...delay } }, () => {});
    living.push(life);
    const connack = await peer.connack;
    life.acknowledged = connack?.reasonCode === 0;
    if (life.acknowledged && connack!.sessionPresent && before !== undefined) before.backMs = performance.now();
    if (!life.acknowledged) return false;
    await pause(this.#random.below(40));
    return this.#leave(peer, life);
  }

  async #leave(peer: CrashPeer, life: WillLife): Promise<boolean> {
    const how = this.#random.below(5);
    if (this.#killing || how === 0) return await peer.closed.then(() => false); // ends with the broker
    if (how < 3) {
      life.left = "perhaps";
      peer.send({ type: "disconnect" });
      await peer.closed;
      if (!this.#killing) life.left = "surely";
    } else peer.destroy();
    life.endedMs = performance.now();
    return true;
  }

  #name(): string {
    return `${++this.#names}`;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]!;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function within(promise: Promise<void>, what: string, limitMs = 15_000): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(what)), limitMs);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
