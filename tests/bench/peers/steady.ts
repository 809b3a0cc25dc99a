/** The fleet itself as the generator: clients that come, die and come back, and what that costs the fleet. */
import { startOurs } from "../../support/peers.ts";
import { generatorCore } from "./contestants.ts";
import { pin } from "./process_cost.ts";
import type { Figures, Stage, Workload } from "./workload.ts";

/** As much of the fleet's report as is read here. */
interface FleetReport {
  readonly verdict: string;
  readonly clients: { readonly connected: number; readonly reconnects: number };
  readonly wills: { readonly expected: number; readonly onTime: number };
  readonly latencyMs: { readonly all: { readonly p99: number } };
  readonly run: { readonly durationMs: number };
  readonly resources: { readonly cpuMs: number };
}

type EngineName = "epoll" | "deno";

async function fleet(stage: Stage, clients: number, durationS: number, engine: EngineName): Promise<FleetReport> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const plan = ["--clients", String(clients), "--kill-rate", "5%", "--duration", `${durationS}s`, "--seed", "7"];
    const args = [
      "fleet",
      "--url",
      stage.peer.url,
      ...plan,
      "--protocol",
      "3.1.1",
      "--engine",
      engine,
      "--report",
      path,
    ];
    await using child = startOurs(args);
    await pin(child.pid, generatorCore);
    await child.exit((durationS + 90) * 1_000);
    return JSON.parse(await Deno.readTextFile(path));
  } finally {
    await Deno.remove(path);
  }
}

async function figures(
  stage: Stage,
  work: { clients: number; durationS: number; engine: EngineName },
  valueOf: (report: FleetReport) => number,
): Promise<Figures> {
  const before = stage.brokerCpuUs;
  const report = await fleet(stage, work.clients, work.durationS, work.engine);
  const { expected: asked, onTime: done } = report.wills;
  return { done, asked, ms: report.run.durationMs, cpuUs: stage.brokerCpuUs - before, value: valueOf(report) };
}

/** 10,000 clients, of which one in twenty dies each second and comes back. */
export const steady: Workload = {
  id: "steady",
  title: "steady: 10,000 clients, 5 % killed each second for 20 s and back",
  unit: "will on time",
  valueUnit: "p99 kill-to-will, ms",
  goals: [{ beside: "mosquitto", of: "value", atMost: 1 }],
  run: (stage) =>
    figures(stage, { clients: 10_000, durationS: 20, engine: "epoll" }, (report) => report.latencyMs.all.p99),
};

/** What the fleet pays for a life: connect, will, kill, verdict, its own start included. */
function lives(engine: EngineName): Workload {
  return {
    id: `fleet-${engine}`,
    title: `fleet on the ${engine} engine: 5,000 clients, 5 % killed each second for 20 s`,
    unit: "will on time",
    valueUnit: "the fleet's CPU µs a life, its start included",
    goals: [{ beside: "itself", from: "mqtt-sim epoll", of: "value", atMost: engine === "epoll" ? 60 : 150 }],
    run: (stage) =>
      figures(
        stage,
        { clients: 5_000, durationS: 20, engine },
        ({ resources, clients }) => resources.cpuMs * 1_000 / (clients.connected + clients.reconnects),
      ),
  };
}

export const fleetWorkloads: readonly Workload[] = [steady, lives("epoll"), lives("deno")];
