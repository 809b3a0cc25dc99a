/**
 * `deno task docs:simulation`: faults planted in brokers that make open choices, and how many of them `fleet` and
 * `check` find. Writes the figures to docs/simulation.md; `--seeds 20` takes fewer seeds, `--dry` writes nothing.
 */
import { catalog } from "../../../src/conformance/catalog.ts";
import { protocols } from "../../../src/conformance/model/protocol.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import type { WillCounts } from "../../../src/fleet/result/will_counts.ts";
import type { ConnectWill } from "../../../src/mqtt/packet.ts";
import { proofs } from "../../conformance/proofs.ts";
import { checkInMemory, givenRun } from "../../support/brokers/checked_broker.ts";
import { OpenBroker, type OpenFaults, type OpenGiven } from "../../support/open/open_broker.ts";
import { Choices } from "../../support/open/open_choices.ts";
import { openFleet } from "../../support/open/open_fleet.ts";
import { type Tamper, tampered } from "../../support/brokers/tampered_broker.ts";
import { openPlanOf } from "./open_plan.ts";

/** The results for one kind of fault. */
interface Found {
  readonly name: string;
  /** Planted faults that break a rule, and reported faults. */
  planted: number;
  reported: number;
  /** Of the reported faults at most the number that was planted in the same run. */
  right: number;
  runs: number;
  /** Failed runs, of the runs with a planted fault. */
  failed: number;
}

type Verdict = keyof Pick<WillCounts, "missing" | "late" | "early" | "altered" | "duplicate" | "unwanted">;

interface FleetFault {
  readonly name: string;
  readonly verdict: Verdict;
  readonly plan: Partial<PlanRequest>;
  readonly faults: (strikes: (clientId: string) => boolean) => OpenFaults;
}

/** One in so many wills is wrong. */
const everyNth = 3;
const resets: Partial<PlanRequest> = { killShares: [{ mode: "reset", weight: 1 }, { mode: "close", weight: 1 }] };
const delayed: Partial<PlanRequest> = {
  ...resets,
  ...{ protocol: "5", willDelayS: 2, sessionExpiryS: 60, reconnectAfterMs: 4_000, cleanStart: "no" },
};

function copies(made: (will: ConnectWill) => readonly { will: ConnectWill; delayMs: number }[]): FleetFault["faults"] {
  return (strikes) => ({ atPublication: (will, clientId) => strikes(clientId) ? made(will) : undefined });
}

function alters(change: (will: ConnectWill) => Partial<ConnectWill>): FleetFault["faults"] {
  return copies((will) => [{ will: { ...will, ...change(will) }, delayMs: 0 }]);
}

const fleetFaults: readonly FleetFault[] = [
  { name: "lose", verdict: "missing", plan: resets, faults: copies(() => []) },
  {
    name: "duplicate",
    verdict: "duplicate",
    plan: resets,
    faults: copies((will) => [{ will, delayMs: 0 }, { will, delayMs: 0 }]),
  },
  { name: "delay", verdict: "late", plan: resets, faults: copies((will) => [{ will, delayMs: 2_000 }]) },
  {
    name: "alter (payload)",
    verdict: "altered",
    plan: resets,
    faults: alters(({ payload }) => ({ payload: payload.with(payload.length - 1, 0x21) })),
  },
  {
    name: "alter (topic)",
    verdict: "altered",
    plan: { ...resets, willTopic: "mqtt-sim/{run}/{bucket}/{client}/{incarnation}/will" },
    faults: alters(({ topic }) => ({ topic: topic.replace(/\d+\/will$/, "x/will") })),
  },
  {
    name: "alter (properties)",
    verdict: "altered",
    plan: { ...resets, protocol: "5" },
    faults: alters(({ properties }) => ({ properties: { ...properties, contentType: "text/html" } })),
  },
  {
    name: "hurry",
    verdict: "early",
    plan: delayed,
    faults: (strikes) => ({ hurries: (_, clientId) => strikes(clientId) }),
  },
  {
    name: "invent (client left)",
    verdict: "unwanted",
    plan: { killShares: [{ mode: "leave", weight: 3 }, { mode: "reset", weight: 1 }] },
    faults: (strikes) => ({ keeps: (_, clientId, why) => why === "left" && strikes(clientId) }),
  },
  {
    name: "invent (session resumed)",
    verdict: "unwanted",
    plan: { ...delayed, willDelayS: 4, reconnectAfterMs: 1_000 },
    faults: (strikes) => ({ keeps: (_, clientId, why) => why === "resumed" && strikes(clientId) }),
  },
];

/** Runs a fleet on the brokers of many seeds, with a fault in each. */
async function fleetRecall({ name, verdict, plan, faults }: FleetFault, seeds: number): Promise<Found> {
  const found: Found = { name, planted: 0, reported: 0, right: 0, runs: 0, failed: 0 };
  for (let seed = 0; seed < seeds; seed++) {
    const asked: Partial<PlanRequest> = { ...openPlanOf(seed), clients: 12, ...plan };
    const { phases: _, presence: __, telemetry: ___, ...rest } = asked;
    let due = 0;
    let planted = 0;
    const strikes = (clientId: string) => {
      const isClient = Number(clientId.split("-").at(-1)) < 12;
      if (!isClient || ++due % everyNth !== 0) return false;
      planted++;
      return true;
    };
    // In sequence: each run uses the whole thread.
    // deno-lint-ignore no-await-in-loop
    const run = await openFleet({ seed, plan: rest, faults: faults(strikes) });
    if (run.kind !== "run" || planted === 0 || run.result.verdict === "void") continue;
    const reported = run.result.wills[verdict];
    found.runs++;
    found.planted += planted;
    found.reported += reported;
    found.right += Math.min(planted, reported);
    if (run.result.verdict === "fail") found.failed++;
  }
  return found;
}

/** The results of a proof on brokers with open choices. */
interface Proved {
  found: number;
  missed: string[];
  /** Not testable there, for a true reason. */
  untested: number;
  /** The fault is a setting of our own core, which this broker lacks. */
  unfit: number;
}

/** The test broker in place of our own core; undefined for a fault that is a setting of the core. */
function openOver(
  choices: Choices,
  tamper: Tamper,
): ((clock: Parameters<typeof brokerOf>[0]) => OpenBroker) | undefined {
  const { willFault, authenticate, authorize, ...rest } = tamper.core ?? {};
  if (Object.keys(rest).length > 0) return undefined;
  const faults: OpenFaults = willFault === undefined ? {} : {
    atPublication: (will, clientId) => willFault.atPublication?.({ will, clientId } as never, 0)?.map((each) => each),
    keeps: (will, clientId, why) =>
      why === "left" && willFault.atRelease?.({ will, clientId } as never, "discard") === true,
    hurries: (will, clientId) =>
      (will.delayIntervalS ?? 0) > 0 && willFault.atRelease?.({ will, clientId } as never, "delay") === true,
  };
  const given: OpenGiven = {
    ...authenticate === undefined && { login: givenRun.login },
    ...authorize === undefined && { deniedTopic: givenRun.deniedTopic },
  };
  return (clock) => brokerOf(clock, choices, given, faults);
}

function brokerOf(
  clock: ConstructorParameters<typeof OpenBroker>[0],
  choices: Choices,
  given: OpenGiven,
  faults: OpenFaults,
): OpenBroker {
  return new OpenBroker(clock, choices, given, faults);
}

/** Runs each proof of each case on the brokers of some seeds. */
async function checkRecall(seeds: number): Promise<Proved> {
  const proved: Proved = { found: 0, missed: [], untested: 0, unfit: 0 };
  let turn = 0;
  for (const one of catalog) {
    for (const protocol of protocols.filter((each) => one.rules[each] !== undefined)) {
      for (const { fault } of (proofs[one.id] ?? []).filter(({ only }) => only === undefined || only === protocol)) {
        for (let count = 0; count < seeds; count++) {
          const seed = ++turn;
          const choices = new Choices(seed, notInRecall);
          if (openOver(choices, fault()) === undefined) {
            proved.unfit++;
            continue;
          }
          const maker = tampered(fault, { over: (tamper) => (clock) => openOver(choices, tamper)!(clock) });
          // deno-lint-ignore no-await-in-loop
          const { cases: [result] } = await checkInMemory(maker, { cases: [one], protocols: [protocol], parallel: 1 });
          const name = `${one.id} [${protocol}] ${fault.name}, seed ${seed}`;
          if (result?.outcome === "fail") proved.found++;
          else if (result === undefined || result.outcome === "not testable") proved.untested++;
          else proved.missed.push(name);
        }
      }
    }
  }
  return proved;
}

/**
 * Choices that are never made under a fault of the catalog: the fault publishes through its own connection without a
 * client identifier, and these choices would refuse it.
 */
const notInRecall = [
  "end: a client is disconnected for no fault of its own",
  "client identifier: a client without one is refused",
  "version: one of the two is not spoken",
  "refusal: a CONNECT too many in a while",
  "refusal: a PUBLISH for the quota",
  "maximum packet size: small, announced; a larger packet ends the connection",
] as const;

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${(100 * part / whole).toFixed(1)} %`;
}

function fleetTable(all: readonly Found[]): string {
  const rows = all.map(({ name, planted, reported, right, runs, failed }) =>
    `| ${name} | ${runs} | ${failed} | ${planted} | ${reported} | ${percent(right, planted)} | ${
      percent(right, reported)
    } |`
  );
  return [
    "| Fault | Runs | Failed | Planted | Reported | Recall | Precision |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function checkTable({ found, missed, untested, unfit }: Proved): string {
  return [
    "| Proofs | Found | Missed | Not testable there | A setting of our own core | Recall |",
    "| --- | --- | --- | --- | --- | --- |",
    `| ${found + missed.length + untested + unfit} | ${found} | ${missed.length} | ${untested} | ${unfit} | ${
      percent(found, found + missed.length)
    } |`,
  ].join("\n");
}

async function main(): Promise<void> {
  const at = Deno.args.indexOf("--seeds");
  const seeds = at < 0 ? 40 : Number(Deno.args[at + 1]);
  const all: Found[] = [];
  // deno-lint-ignore no-await-in-loop
  for (const fault of fleetFaults) all.push(await fleetRecall(fault, seeds));
  const proved = await checkRecall(1);
  const text = `${fleetTable(all)}\n\n${checkTable(proved)}\n`;
  const write = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  write(text);
  for (const name of proved.missed) write(`missed: ${name}`);
  if (Deno.args.includes("--dry")) return;
  const file = new URL("../../../docs/simulation.md", import.meta.url);
  const page = await Deno.readTextFile(file);
  const [begin, end] = ["<!-- figures -->\n", "<!-- end of figures -->"];
  const [before, rest] = page.split(begin) as [string, string];
  await Deno.writeTextFile(file, `${before}${begin}\n${text}\n${end}${rest.split(end)[1]}`);
}

await main();
