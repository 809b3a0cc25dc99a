/**
 * What must hold before a run is worth starting: room for the sockets, a broker that answers, a version that it speaks,
 * and wills that it takes.
 */
import type { ProtocolVersion } from "../mqtt/packet.ts";
import { canResetOver } from "../net/dial.ts";
import { engines } from "../net/engine.ts";
import { killsByReset } from "./reset_proof.ts";
import type { KillShare } from "./kill_mode.ts";
import { greet, type Greeting } from "./greet.ts";
import type { FleetPlan, FleetRun } from "./plan.ts";
import { checkAcceptQueue, checkDescriptors, checkSourcePorts, descriptorNeed, systemLimits } from "./room.ts";
import { type BrokerWord, brokerWord } from "./record_header.ts";
import type { Notice } from "./result.ts";
import { checkWills, settleProtocol, versionsToAsk } from "./settle_protocol.ts";

/** What the pre-flight settled, or why nothing can be run. */
export type Preflight =
  | {
    readonly kind: "ready";
    readonly plan: FleetPlan;
    readonly protocol: "3.1.1" | "5" | "mix";
    /** What the broker said of itself. */
    readonly broker: readonly BrokerWord[];
  }
  | { readonly kind: "void"; readonly reason: string; readonly notSpoken?: true };

/**
 * Looks before the run leaps.
 *
 * @throws UsageError when the plan asks for what this machine or this broker cannot do, with the way out
 */
export async function preflight(run: FleetRun, notify: (notice: Notice) => void): Promise<Preflight> {
  if (Deno.build.os !== "windows") checkDescriptors(run, countDescriptors(descriptorNeed(run)));
  const limits = systemLimits();
  checkSourcePorts(run, limits, notify);
  checkAcceptQueue(run, limits, notify);
  const plan = await settleReset(run, notify);
  return await settleVersions({ ...run, plan }, notify);
}

/** Deno raises the soft limit to the hard one when it starts; what is to be had is found out by asking for it. */
function countDescriptors(upTo: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < upTo) files.push(Deno.openSync("/dev/null"));
  } catch {
    // The limit is what was wanted.
  }
  for (const file of files) file.close();
  return files.length;
}

/** Where this runtime cannot send RST, what would be a reset is a close, and is called so. */
async function settleReset(
  { plan, target, engine = "deno" }: FleetRun,
  notify: (notice: Notice) => void,
): Promise<FleetPlan> {
  const parts = [plan, ...plan.groups ?? [], ...plan.phases ?? []];
  if (!parts.some((part) => "killShares" in part && resets(part.killShares))) return plan;
  const overTls = engines[engine].canReset() && !canResetOver(target, engine);
  if (!overTls && await killsByReset(engine)) return plan;
  const why = overTls
    ? "a TCP reset cannot be sent over TLS"
    : "this runtime cannot send a TCP reset (it takes Deno 2.8 or later)";
  notify({ level: "warning", text: `${why}: kills of mode reset are done, and counted, as close` });
  const { groups, phases } = plan;
  return Object.freeze({
    ...closingFor(plan),
    ...groups && { groups: groups.map(closingFor) },
    ...phases && { phases: phases.map((phase) => phase.kind === "kill" ? closingFor(phase) : phase) },
  });
}

function resets(shares: readonly KillShare[] | undefined): boolean {
  return shares?.some(({ mode, weight }) => mode === "reset" && weight > 0) ?? false;
}

/** The same with the shares of reset and close as one. */
function closingFor<Part extends { readonly killShares?: readonly KillShare[] }>(part: Part): Part {
  const { killShares } = part;
  if (killShares === undefined || !resets(killShares)) return part;
  const isEnd = ({ mode }: KillShare) => mode === "reset" || mode === "close";
  const weight = killShares.filter(isEnd).reduce((sum, share) => sum + share.weight, 0);
  return { ...part, killShares: [{ mode: "close", weight }, ...killShares.filter((share) => !isEnd(share))] };
}

/**
 * Asks the broker which versions it speaks and what it takes, and settles what the clients speak.
 *
 * @param ask greets the broker in one version; over a real link unless a simulation hands over its own
 * @throws UsageError when the plan asks for what this broker does not do
 */
export async function settleVersions(
  run: FleetRun,
  notify: (notice: Notice) => void,
  ask: (version: ProtocolVersion) => Promise<Greeting> = (version) => greet(run, version),
): Promise<Preflight> {
  const { plan, target } = run;
  const versions = versionsToAsk(plan);
  const greetings: Greeting[] = [];
  for (const version of versions) {
    // One after the other: the first answer may settle it.
    const greeting = await ask(version);
    if (greeting.kind === "unreachable") {
      return { kind: "void", reason: `cannot reach ${target.url}: ${greeting.sentence}` };
    }
    if (greeting.kind === "refused" && !greeting.byVersion) {
      return { kind: "void", reason: `${target.url}: ${greeting.sentence}` };
    }
    if (greeting.kind === "accepted") checkWills(plan, target.url, greeting.connack);
    greetings.push(greeting);
  }
  const spoken = versions.filter((_, place) => greetings[place]!.kind === "accepted");
  const settled = settleProtocol(plan, target.url, spoken);
  if (settled.kind === "void") return settled;
  if (settled.notice !== undefined) notify({ level: "info", text: settled.notice });
  const broker = greetings.flatMap((greeting, place) =>
    greeting.kind === "accepted" ? [brokerWord(versions[place]!, greeting.connack)] : []
  );
  return { kind: "ready", plan, protocol: settled.protocol, broker };
}
