/** A run in three parts with real processes: NATS, a broker, a coordinator, parts, and the expected ends. */
import assert from "node:assert/strict";
import { type BrokerPeer, startOurBroker, startOurs } from "../../../support/brokers/peers.ts";
import { ChildProcess } from "../../../support/machine/child_process.ts";
import { type NatsServer, startNatsServer } from "../../../support/parts/nats_server.ts";
import { RunWatch } from "../../../support/parts/run_watch.ts";

/** The result of a trial, for its table. */
export interface Outcome {
  readonly verdict: string;
  /** The exit code of the coordinator; absent where a signal ended it. */
  readonly exit?: number;
  /** The exit codes of the parts in the order of their start; 137 for SIGKILL. */
  readonly parts: readonly number[];
  /** All lines of the coordinator, or of the command that joined the reports. */
  readonly said: string;
  /** The JSON report, if there is one. */
  // deno-lint-ignore no-explicit-any
  readonly report?: any;
}

/** The peers of a run; default: new ones on loopback. */
export interface StagePeers {
  readonly server?: NatsServer;
  readonly broker?: BrokerPeer;
  /** Arguments of the broker. */
  readonly brokerArgs?: readonly string[];
  /** Flags of each process that uses NATS. */
  readonly overFlags?: readonly string[];
}

/** The flags of the fleet, unless a trial has its own. */
const plan: Readonly<Record<string, string>> = {
  ...{ "--seed": "11", "--clients": "60", "--watchers": "3", "--kill-rate": "15%" },
  ...{ "--late-after": "5s", "--duration": "4s" },
};
/** How long a process may take to end. */
const patienceMs = 120_000;

export const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Stage implements AsyncDisposable {
  readonly run: string;
  readonly server: NatsServer;
  readonly broker: BrokerPeer;
  readonly folder: string;
  readonly parts: ChildProcess[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #own: AsyncDisposable[] = [];
  readonly #overFlags: readonly string[];

  private constructor(
    run: string,
    peers: Required<Pick<StagePeers, "server" | "broker" | "overFlags">>,
    folder: string,
  ) {
    this.run = run;
    this.server = peers.server;
    this.broker = peers.broker;
    this.folder = folder;
    this.#overFlags = peers.overFlags;
  }

  static async open(run: string, peers: StagePeers = {}): Promise<Stage> {
    const server = peers.server ?? await startNatsServer();
    const broker = peers.broker ?? await startOurBroker(peers.brokerArgs);
    const folder = await Deno.makeTempDir({ prefix: "trial" });
    const stage = new Stage(run, { server, broker, overFlags: peers.overFlags ?? [] }, folder);
    if (peers.server === undefined) stage.#own.push(server);
    if (peers.broker === undefined) stage.#own.push(broker);
    return stage;
  }

  /** The messages of the run. */
  async watch(): Promise<RunWatch> {
    const servers = this.server.url.split(",").map((url) => new URL(url).host);
    const watch = await RunWatch.open({ servers, shown: this.server.url }, this.run);
    this.#own.unshift(watch);
    return watch;
  }

  get report(): string {
    return `${this.folder}/whole.json`;
  }

  /** Starts the coordinator. */
  fleet(...more: readonly string[]): ChildProcess {
    const over = ["--over", this.server.url, "--run-id", this.run, "--parts", "3", "--url", this.broker.url];
    const usual = Object.entries(plan).flatMap(([flag, value]) => more.includes(flag) ? [] : [flag, value]);
    return this.keep(
      startOurs(["fleet", ...over, ...this.#overFlags, ...usual, "--report", this.report, ...more]),
    );
  }

  /** The arguments of the next part. */
  partArgs(...more: readonly string[]): string[] {
    const number = this.parts.length + 1;
    const over = ["--over", this.server.url, "--run", this.run, "--host", `node-${number}`];
    return ["part", ...over, ...this.#overFlags, "--report", `${this.folder}/part-${number}.json`, "--quiet", ...more];
  }

  /** Starts a part. */
  part(...more: readonly string[]): ChildProcess {
    return this.addPart(startOurs(this.partArgs(...more)));
  }

  addPart(child: ChildProcess): ChildProcess {
    this.parts.push(this.keep(child));
    return child;
  }

  /** Ends the process with the trial. */
  keep(child: ChildProcess): ChildProcess {
    this.#children.push(child);
    return child;
  }

  /** Starts three parts. */
  threeParts(): [ChildProcess, ChildProcess, ChildProcess] {
    return [this.part(), this.part(), this.part()];
  }

  /** Waits for the ends of the coordinator and of the parts. */
  async ends(coordinator: ChildProcess, limitMs = patienceMs): Promise<Outcome> {
    const { code } = await coordinator.exit(limitMs);
    return { ...await this.partsEnd(limitMs), exit: code, ...this.#result(this.report), said: coordinator.said };
  }

  /** Waits for the ends of the parts; the coordinator is not there. */
  async partsEnd(limitMs = patienceMs): Promise<Outcome> {
    const parts = [];
    for (const each of this.parts) parts.push((await each.exit(limitMs)).code);
    return { verdict: "none", parts, said: this.parts.map(({ said }) => said).join("\n") };
  }

  /** Joins the reports of the run by `report merge` with these arguments. */
  async merge(parts: readonly number[], ...args: readonly string[]): Promise<Outcome> {
    const path = `${this.folder}/merged.json`;
    const merge = this.keep(startOurs(["report", "merge", ...args, "--report", path, "--text"]));
    const { code } = await merge.exit(30_000);
    return { exit: code, parts, said: merge.said, ...this.#result(path) };
  }

  #result(path: string): Pick<Outcome, "verdict" | "report"> {
    try {
      const report = JSON.parse(Deno.readTextFileSync(path));
      return { verdict: report.verdict, report };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { verdict: "none" };
      throw error;
    }
  }

  /** The output of all processes, for a failure. */
  get said(): string {
    return this.#children.map((child) => child.said).join("\n--\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child[Symbol.asyncDispose]();
    for (const each of this.#own) await each[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The ends that a trial expects. */
export function expectEnds(outcome: Outcome, expected: Partial<Pick<Outcome, "verdict" | "exit" | "parts">>): void {
  const { verdict, exit, parts, said } = outcome;
  assert.deepEqual({ verdict, exit, parts }, { verdict, exit, parts, ...expected }, said);
}
