/**
 * Scenarios: from the text of a file to the plan's request, with flags applied over it.
 */
import { UsageError } from "../../base/failure.ts";
import { planFaults } from "../../fleet/plan/check_plan.ts";
import { fillPlan } from "../../fleet/plan/make_plan.ts";
import type { ClientGroup, FleetPlan, PhasePlan, PlanRequest, Telemetry } from "../../fleet/plan/plan.ts";
import type { Threshold } from "../../report/model/threshold.ts";
import type { BrokerChoice } from "./broker_choice.ts";
import { type ConfigText, type FileKind, parseText, textOf } from "../options/config_file.ts";
import { meant } from "../options/similar.ts";
import { isStandardInput } from "../process/input_file.ts";
import { planFields, scenarioEntries } from "./scenario_settings.ts";
import { builtInScenarios } from "./scenarios.ts";

type Values = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];
/** The values of flags or of a scenario for a plan. */
export type Wishes = Partial<FleetPlan>;

const scenarioFile: FileKind = { name: "scenario", example: "clients: 1000" };

/** A scenario as it was read. */
export interface Scenario {
  /** The built-in name, or the file's. */
  readonly name: string;
  readonly wishes: Wishes;
  /** The brokers that it names. */
  readonly brokers: readonly BrokerChoice[];
  /** Its conditions to pass. */
  readonly thresholds: readonly Threshold[];
  /** Refuses a scenario whose values do not fit in a plan. @throws UsageError */
  refuse(faults: readonly { readonly path: Path; readonly sentence: string }[]): never;
}

/**
 * A scenario by its name, or by the name of its file.
 *
 * @throws UsageError when there is none, it is unreadable, or with every error in it
 */
export async function readScenario(name: string): Promise<Scenario> {
  const builtIn = builtInScenarios.find((scenario) => scenario.name === name);
  if (builtIn !== undefined) return parseScenario(builtIn.text, name);
  // A name with neither folder nor ending is meant as one of ours.
  if (/^[\w-]+$/.test(name) && !isStandardInput(name)) {
    const known = builtInScenarios.map((scenario) => scenario.name);
    const allowed = `${known.join(", ")}, or a file such as ./${name}.yaml`;
    throw new UsageError(`Cannot find scenario "${name}": expected ${allowed}${meant(name, known)}`);
  }
  return parseScenario(await textOf(name, scenarioFile), name);
}

/** Reads a scenario's text. @throws UsageError with every error that is in it */
export function parseScenario(text: string, name: string): Scenario {
  const file = parseText(text, name, scenarioEntries, scenarioFile);
  return {
    name,
    wishes: { ...wishesOf(file.values), scenario: name },
    brokers: (file.values.url ?? []) as readonly BrokerChoice[],
    thresholds: (file.values.threshold ?? []) as readonly Threshold[],
    refuse: (faults) => file.refuse(faults.map(({ path, sentence }) => ({ sentence, path: filePath(path, file) }))),
  };
}

/**
 * A scenario with the values of flags applied over it, in groups and phases too.
 *
 * @throws UsageError with every error of the plan that concerns the file
 */
export function overrule(scenario: Scenario, flags: Wishes, request: Pick<PlanRequest, "seed" | "run">): PlanRequest {
  const { groups, phases, ...fleet } = scenario.wishes;
  const overruled = Object.keys(flags).filter((field) => !["seed", "run"].includes(field));
  const whole: PlanRequest = {
    ...request,
    ...fleet,
    ...flags,
    ...groups && { groups: groups.map((group) => without(group, overruled)) },
    ...phases && { phases: phases.map((phase) => phaseWithout(phase, overruled)) },
    ...overruled.length > 0 && { overruled },
  };
  const faults = planFaults(fillPlan(whole));
  const byFlag = faults.find(({ path }) => path.length === 1 && overruled.includes(String(path[0])));
  if (byFlag !== undefined) throw new UsageError(byFlag.sentence);
  return faults.length === 0 ? whole : scenario.refuse(faults);
}

function without<T extends object>(part: T, fields: readonly string[]): T {
  return Object.fromEntries(Object.entries(part).filter(([field]) => !fields.includes(field))) as T;
}

/** All at once stays all at once: that is no rate, and takes no time. */
function phaseWithout(phase: PhasePlan, overruled: readonly string[]): PhasePlan {
  // How long a broker is down is no duration of kills.
  if (phase.kind === "restart") return without(phase, overruled);
  // The times of a node are no durations of the run.
  if (phase.kind === "node-loss") return without(phase, overruled.filter((field) => field === "reconnectAfterMs"));
  if (phase.kind !== "kill") return phase;
  const fields = overruled.map((field) => field === "killRate" ? "rate" : field);
  return without(phase, phase.rate === "once" ? fields.filter((f) => f !== "rate" && f !== "durationMs") : fields);
}

function wishesOf({ url: _, threshold: _conditions, groups, phases, ...values }: Values): Wishes {
  return {
    ...partOf(values),
    ...groups !== undefined && { groups: (groups as Values[]).map(groupOf) },
    ...phases !== undefined && { phases: (phases as Values[]).map(phaseOf) },
  };
}

/** The values by the names of the plan. */
function partOf(values: Values): Wishes {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      planFields.get(name)!,
      name === "telemetry" ? telemetryOf(value as Values) : value,
    ]),
  );
}

function telemetryOf({ rate, size = 64, qos = "0" }: Values): Telemetry {
  return { perSecond: rate as number, sizeBytes: size as number, qos: Number(qos) as 0 | 1 | 2 };
}

function groupOf({ name, share = 1, "on-node": node, ...own }: Values): ClientGroup {
  const on = node === undefined ? {} : { node: node as string };
  return { name: name as string, share: share as number, ...on, ...partOf(own) };
}

function phaseOf(values: Values): PhasePlan {
  const { groups } = values;
  const about = { ...groups !== undefined && { groups: groups as string[] } };
  if (values.hold !== undefined) return { kind: "hold", durationMs: values.hold as number };
  if (values.return !== undefined) return { kind: "return", durationMs: values.return as number, ...about };
  if (values.restart !== undefined) {
    return { kind: "restart", downMs: values.restart as number, ...partsOf(values, returnFields) };
  }
  if (values["node-loss"] !== undefined) return nodeLossOf(values);
  return { kind: "kill", ...about, ...partsOf(values, { ...killFields, ...returnFields }) };
}

function nodeLossOf(values: Values): PhasePlan {
  const { nodes = ["last"], for: durationMs = usualReturnMs } = values;
  const named = nodes as readonly string[];
  const [word] = named;
  return {
    kind: "node-loss",
    nodes: named.length === 1 && (word === "each" || word === "last") ? word : named,
    downMs: values["node-loss"] as number,
    durationMs: durationMs as number,
    ...partsOf(values, { drainMs: "node-drain", ...returnFields }),
  };
}

/** How long kills continue from the start of a node, in milliseconds. */
const usualReturnMs = 5_000;

/** The values of a phase for these fields, by the plan's names. */
function partsOf(values: Values, fields: Readonly<Record<string, string>>): Values {
  const said = Object.entries(fields).filter(([, name]) => values[name] !== undefined);
  return Object.fromEntries(said.map(([field, name]) => [field, values[name]]));
}

/** The fields of a kill phase, and the file's names for them. */
const killFields = {
  rate: "kill",
  durationMs: "for",
  killShares: "kill-mode",
} as const;

/** When the clients that a phase has killed reconnect. */
const returnFields = { reconnectAfterMs: "reconnect-after", jitterMs: "jitter" } as const;

const fileNames: ReadonlyMap<string, string> = new Map([
  ...[...planFields].map(([name, field]) => [field, name] as const),
  ...Object.entries({ ...killFields, ...returnFields, drainMs: "node-drain", node: "on-node" }),
]);

/** A place of the plan as a place of the file. */
function filePath(path: Path, { values }: ConfigText): Path {
  const [top, place, field] = path;
  if (top === "phases" && typeof place === "number" && field === "durationMs") {
    const phase = (values.phases as Values[])[place]!;
    return [top, place, ["for", "hold", "return"].find((name) => phase[name] !== undefined) ?? "for"];
  }
  if (top === "phases" && typeof place === "number" && (field === "downMs" || field === "kind")) {
    const phase = (values.phases as Values[])[place]!;
    return [top, place, phase["node-loss"] === undefined ? "restart" : "node-loss"];
  }
  const inPhase = top === "phases";
  return path.map((step) => {
    if (typeof step === "number" || (!inPhase && step === "rate")) return step;
    return fileNames.get(step) ?? step;
  });
}
