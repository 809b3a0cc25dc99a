/**
 * The conditions of a run: room for the sockets, a broker that answers, a version that it accepts, and wills that it
 * takes.
 */
import { canResetOver } from "../../net/dial.ts";
import { engines } from "../../net/engine.ts";
import { otherTransport } from "../../net/sniff.ts";
import { killsByReset } from "./rst_self_test.ts";
import type { KillShare } from "../plan/kill_mode.ts";
import type { FleetPlan, FleetRun } from "../plan/plan.ts";
import {
  checkAcceptQueue,
  checkDescriptors,
  checkSourcePorts,
  descriptorNeed,
  systemLimits,
} from "./resource_limits.ts";
import type { Notice } from "../result/result.ts";
import { negotiateVersions, type Versions } from "./negotiate_versions.ts";

/** The decisions of the preflight, or why no run is possible. */
export type Preflight = Versions;

/**
 * Checks limits and the broker before the run.
 *
 * @throws UsageError when the plan requests more than this machine or this broker provides, with the remedy
 */
export async function preflight(run: FleetRun, notify: (notice: Notice) => void): Promise<Preflight> {
  if (Deno.build.os !== "windows") checkDescriptors(run, countDescriptors(descriptorNeed(run)));
  const limits = systemLimits();
  checkSourcePorts(run, limits, notify);
  checkAcceptQueue(run, limits, notify);
  const plan = await settleReset(run, notify);
  const settled = await negotiateVersions({ ...run, plan }, notify);
  if (settled.kind === "ready" || settled.answered) return settled;
  // The server may use the transport of another scheme: name it.
  const other = await otherTransport(run.target, run.engine);
  return other === undefined ? settled : { ...settled, reason: `${settled.reason}; ${other}` };
}

/** Deno raises the soft limit to the hard one when it starts; only a trial shows the actual limit. */
function countDescriptors(upTo: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < upTo) files.push(Deno.openSync("/dev/null"));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    // The caller wants the limit itself.
  }
  for (const file of files) file.close();
  return files.length;
}

/** Where this runtime cannot send RST, a reset becomes a close, and has that name. */
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
  notify({ level: "warning", text: `${why}: kills of mode reset are executed and counted as close` });
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
