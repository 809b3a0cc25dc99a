/**
 * The conditions of a run: room for the sockets, a broker that answers, a version that it accepts, and wills that it
 * takes.
 */
import { loadSparkplug } from "../../mqtt/sparkplug/payload.ts";
import { otherTransport } from "../../net/sniff.ts";
import type { FleetRun } from "../plan/plan.ts";
import {
  checkAcceptQueue,
  checkDescriptors,
  checkSourceAddresses,
  checkSourcePorts,
  descriptorNeed,
  systemLimits,
} from "./resource_limits.ts";
import type { Notice } from "../result/result.ts";
import { settleReset } from "./settle_reset.ts";
import { negotiateVersions, type Versions } from "./negotiate_versions.ts";

/** The decisions of the preflight, or why no run is possible. */
export type Preflight = Versions;

/**
 * Checks limits and the broker before the run.
 *
 * @throws UsageError when the plan requests more than this machine or this broker provides, with the remedy
 */
export async function preflight(run: FleetRun, notify: (notice: Notice) => void): Promise<Preflight> {
  if (run.plan.sparkplug) await loadSparkplug();
  checkMachine(run, notify);
  const plan = await settleReset(run, notify);
  const settled = await negotiateVersions({ ...run, plan }, notify);
  if (settled.kind === "ready") return await otherNodes(run, settled);
  if (settled.answered) return settled;
  // The server may use the transport of another scheme: name it.
  const other = await otherTransport(run.target, run.engine);
  return other === undefined ? settled : { ...settled, reason: `${settled.reason}; ${other}` };
}

/**
 * Checks the limits of this machine; contacts no broker.
 *
 * @throws UsageError when the plan requests more than this machine provides, with the remedy
 */
export function checkMachine(run: FleetRun, notify: (notice: Notice) => void): void {
  if (Deno.build.os !== "windows") checkDescriptors(run, countDescriptors(descriptorNeed(run)));
  const limits = systemLimits();
  // The ports are those towards the proxy, where there is one.
  const { host, port } = run.target.proxy ?? run.target;
  const hop = { ...run, target: { ...run.target, host, port } };
  if (run.target.transport !== "unix") checkSourcePorts(hop, limits, notify);
  checkAcceptQueue(run, limits, notify);
  checkSourceAddresses(run.plan);
}

/** Asks each other node of a cluster for the same versions and limits. */
async function otherNodes(run: FleetRun, settled: Extract<Preflight, { kind: "ready" }>): Promise<Preflight> {
  for (const target of run.nodes?.slice(1) ?? []) {
    const other = await negotiateVersions({ ...run, plan: settled.plan, target }, () => {});
    if (other.kind !== "ready") return other;
    if (other.protocol === settled.protocol) continue;
    const reason = `the nodes accept different versions of MQTT: ${run.target.url} ${settled.protocol}, ` +
      `${target.url} ${other.protocol}`;
    return { kind: "void", reason, answered: true };
  }
  return settled;
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
