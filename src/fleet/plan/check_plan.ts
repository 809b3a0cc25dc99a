/**
 * The rules of a plan: bounds of each value, and valid combinations; for the whole fleet and for each of its groups.
 * The rules of phases are in `check_phases.ts`.
 */
import { isIP } from "node:net";
import { passwordFault } from "../../auth/password_command.ts";
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import { profileNames, profileOf } from "../../profiles/profiles.ts";
import { clientIdFault } from "./client_id.ts";
import { phaseFaults } from "./check_phases.ts";
import { Groups } from "./groups.ts";
import { mostNodes } from "./cluster_node.ts";
import { isNumber, numberForms } from "./option_value.ts";
import { losesNodes } from "./phases.ts";
import type { ClientGroup, ClusterNode, FleetPlan } from "./plan.ts";
import { mayLack } from "./plan_option.ts";
import { checkLimits } from "./profile/profile_limits.ts";
import { optionList } from "./plan_options.ts";
import { checkAuth, checkTogether, type PlanFault, type Refuse } from "./plan_rules.ts";
import { checkOwnPayloads } from "./payload/payload_rules.ts";
import { checkSparkplug } from "./sparkplug/sparkplug_plan.ts";
import { mostShards } from "./shard.ts";
import { hasPlaceholder } from "./template.ts";
import { telemetryTopic } from "./telemetry_topic.ts";
import { checkWillTopic, filtersMeet, willTopicFilter } from "./will_topic.ts";

/** Most groups that a fleet may have: a group's number is a byte. */
const mostGroups = 255;

/** Bounds of the messages that each client publishes; a rate is above its lower bound. */
export const telemetryLimits = {
  perSecond: { kind: "perSecond", min: 0, max: 10_000 },
  sizeBytes: { kind: "bytes", min: 0, max: 1_048_576 },
} as const;

/** All faults of a plan, in its own order; empty for a valid plan. */
export function planFaults(plan: FleetPlan): PlanFault[] {
  const faults: PlanFault[] = [];
  const refuse: Refuse = (field, what, allowed) =>
    faults.push({ path: [field], sentence: `Cannot use ${what}: expected ${allowed}` });
  checkBounds(plan, refuse);
  checkSquads(plan, refuse);
  checkProfile(plan, refuse);
  checkLimits(plan, refuse);
  checkNodes(plan, refuse);
  checkKillRate(plan, refuse);
  checkTogether(plan, refuse);
  checkPresence(plan, refuse);
  if (plan.presenceLooks !== undefined && !plan.presence && !plan.groups?.some(({ presence }) => presence)) {
    refuse("presenceLooks", `--presence-looks ${plan.presenceLooks} without presence`, "--presence with it");
  }
  checkSparkplug(plan, refuse);
  checkOwnPayloads(plan, refuse);
  checkNames(plan, refuse);
  checkSources(plan, refuse);
  checkAuth(plan, refuse);
  checkTopic(plan, faults, ["willTopic"]);
  const groups = plan.groups ?? [];
  faults.push(...groups.flatMap((group, place) => groupFaults(plan, group, place)));
  // The next checks assume valid groups.
  if (faults.length === 0 && plan.groups !== undefined) faults.push(...fleetFaults(plan, plan.groups));
  if (faults.length === 0) faults.push(...topicFaults(plan), ...phaseFaults(plan));
  return faults;
}

/** @throws UsageError for the first thing that does not go */
export function checkPlan(plan: FleetPlan): void {
  const [fault] = planFaults(plan);
  if (fault !== undefined) throw new UsageError(fault.sentence);
}

/** Bounds of the given values; a group gives only some of them. */
function checkBounds(plan: Partial<FleetPlan>, refuse: Refuse, all = true): void {
  for (const [name, option] of optionList) {
    const { flag, value: kind } = option;
    if (!isNumber(kind) || ((!all || mayLack(option)) && plan[name] === undefined)) continue;
    const { unit, fractions } = numberForms[kind.kind];
    const value = plan[name] as number;
    const allowed = `${formatCount(kind.min)} to ${formatCount(kind.max)}${unit}`;
    if (!Number.isFinite(value) || value < kind.min || value > kind.max) {
      refuse(name, `--${flag} ${value}${unit}`, allowed);
    } else if (!fractions && !Number.isInteger(value)) {
      refuse(name, `--${flag} ${value}${unit}`, `a whole number, ${allowed}`);
    }
  }
  const { telemetry } = plan;
  if (telemetry === undefined) return;
  const { perSecond, sizeBytes } = telemetryLimits;
  if (!(telemetry.perSecond > perSecond.min && telemetry.perSecond <= perSecond.max)) {
    const allowed = `more than 0 and at most ${formatCount(perSecond.max)}/s of each client`;
    refuse("telemetry", `telemetry ${telemetry.perSecond}/s`, allowed);
  }
  if (!(telemetry.sizeBytes >= sizeBytes.min && telemetry.sizeBytes <= sizeBytes.max)) {
    refuse("telemetry", `telemetry of ${telemetry.sizeBytes} bytes`, `0 to ${formatCount(sizeBytes.max)} bytes`);
  }
}

function checkSources({ sourceAddresses }: FleetPlan, refuse: Refuse): void {
  const strange = sourceAddresses.find((address) => isIP(address) === 0);
  if (strange !== undefined) refuse("sourceAddresses", `--source-address ${strange}`, "an address of this machine");
}

function checkNodes(plan: FleetPlan, refuse: Refuse): void {
  const { nodes, fanOut, watchNodes } = plan;
  if (nodes === undefined) {
    if (watchNodes !== undefined) {
      refuse("watchNodes", `--watch-nodes ${watchNodes}`, "--node for each node of a cluster");
    }
    return;
  }
  const count = formatCount(nodes.length);
  if (nodes.length < 2 || nodes.length > mostNodes) refuse("nodes", `${count} --node`, `2 to ${mostNodes} nodes`);
  const twice = nodes.find(({ name }, place) => nodes.findIndex((node) => node.name === name) < place);
  if (twice !== undefined) refuse("nodes", `--node ${twice.name} twice`, "one name for each node");
  if (watchNodes === "other") return checkOtherNodes(plan, nodes, refuse);
  if (fanOut % nodes.length !== 0) {
    refuse("fanOut", `--fan-out ${fanOut} on ${count} nodes`, `a multiple of ${count}: as many watchers on each node`);
  }
}

/** The clients of each bucket have a node without a watcher of theirs, also while a node is down. */
function checkOtherNodes(plan: FleetPlan, nodes: readonly ClusterNode[], refuse: Refuse): void {
  const { fanOut, groups = [] } = plan;
  const most = nodes.length - 1;
  if (fanOut > most) {
    const allowed = `${
      most === 1 ? "1" : `1 to ${most}`
    } with --watch-nodes other: the clients need a node without a watcher of their wills`;
    refuse("fanOut", `--fan-out ${fanOut} on ${formatCount(nodes.length)} nodes`, allowed);
  } else if (fanOut === most && losesNodes(plan)) {
    const allowed = "a node more: while a node is down, its clients need another one without a watcher of their wills";
    refuse("watchNodes", `--watch-nodes other with ${formatCount(nodes.length)} nodes, one of which stops`, allowed);
  }
  const pinned = groups.find(({ node }) => node !== undefined);
  if (pinned !== undefined) {
    const allowed = "groups without on-node: the node of a client follows from that of its watchers";
    refuse("watchNodes", `--watch-nodes other with group ${pinned.name} on node ${pinned.node}`, allowed);
  }
}

function checkProfile({ profile }: FleetPlan, refuse: Refuse): void {
  if (profile === undefined || profileOf(profile) !== undefined) return;
  refuse("profile", `--profile ${profile}`, profileNames.join(", "));
}

/** Each squad of each shard has its own clients and watcher. */
function checkSquads({ shard, workers, watchers, clients }: FleetPlan, refuse: Refuse): void {
  const { number, of } = shard ?? { number: 1, of: 1 };
  if (!(Number.isInteger(of) && Number.isInteger(number) && number >= 1 && number <= of && of <= mostShards)) {
    return refuse("shard", `shard ${number} of ${of}`, `1 to ${formatCount(mostShards)} parts, counted from 1`);
  }
  const parts = of === 1 ? "" : ` in each of ${of} shards`;
  if (workers * of > clients) {
    refuse("workers", `--workers ${workers}${parts}`, `at most one for each of ${clients} clients`);
  }
  if (watchers < workers * of) {
    refuse("watchers", `--watchers ${watchers}`, `at least one for each of ${workers} workers${parts}`);
  }
}

function checkKillRate({ killRate }: FleetPlan, refuse: Refuse): void {
  if (!(killRate.perSecond >= 0)) refuse("killRate", "--kill-rate", "0 or more kills a second");
  if (killRate.kind === "fraction" && killRate.perSecond > 1) {
    refuse("killRate", "--kill-rate", "at most 100% of the clients each second");
  }
}

/** The retained message on a client's topic is its presence only where the topic is constant and unique to it. */
function checkPresence({ presence, willRetain, willTopic }: FleetPlan, refuse: Refuse): void {
  if (!presence) return;
  if (!willRetain) {
    const allowed = "retained wills: without them a dead client stays online";
    refuse("presence", "--presence without --will-retain", allowed);
  }
  if (!hasPlaceholder(willTopic, "client", "id") || hasPlaceholder(willTopic, "incarnation")) {
    const allowed =
      "a topic with {client} and without {incarnation} with --presence: one for each client, in all its lives";
    refuse("willTopic", `--will-topic ${JSON.stringify(willTopic)}`, allowed);
  }
}

function checkNames(plan: FleetPlan, refuse: Refuse): void {
  const { run, clientPrefix, clientId, credentials } = plan;
  const idFault = clientId === undefined ? undefined : clientIdFault(clientId);
  if (idFault !== undefined) refuse("clientId", `--client-id ${JSON.stringify(clientId)}`, idFault);
  if (clientId !== undefined && credentials !== undefined) {
    refuse("clientId", "--client-id and --credentials", "one of them: the file has the client identifiers");
  }
  const passwords = passwordFault(plan);
  if (passwords !== undefined) refuse(...passwords);
  for (const [name, flag] of [["watcher", "--watcher-username"], ["canary", "--canary-username"]] as const) {
    if (plan[`${name}PasswordFile`] === undefined || plan[`${name}Username`] !== undefined) continue;
    refuse(`${name}PasswordFile`, `--${name}-password-file alone`, `${flag} with it`);
  }
  if (!/^[0-9A-Za-z-]{1,16}$/.test(run)) refuse("run", `run id "${run}"`, "1 to 16 letters, digits or hyphens");
  if (clientPrefix === "" || clientPrefix.length > 64 || /[\0/+#]/.test(clientPrefix)) {
    const allowed = "1 to 64 characters without / + # and NUL";
    refuse("clientPrefix", `--client-prefix ${JSON.stringify(clientPrefix)}`, allowed);
  }
}

function checkTopic(plan: FleetPlan, faults: PlanFault[], path: PlanFault["path"]): void {
  try {
    checkWillTopic(plan);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    faults.push({ path, sentence: error.message });
  }
}

/** A group's own values, and how they go with the plan's. */
function groupFaults(plan: FleetPlan, group: ClientGroup, place: number): PlanFault[] {
  const faults: PlanFault[] = [];
  const { name, share, telemetry, ...own } = group;
  const refuse: Refuse = (field, what, allowed) => {
    // The check reports a fault of the fleet itself for the fleet.
    if (field in group) {
      const sentence = `Cannot use ${what} in group ${JSON.stringify(name)}: expected ${allowed}`;
      faults.push({ path: ["groups", place, field], sentence });
    } else if (!faults.some(({ path }) => path.length === 2)) {
      const sentence = `Cannot use group ${JSON.stringify(name)} with ${what}: expected ${allowed}`;
      faults.push({ path: ["groups", place], sentence });
    }
  };
  if (!/^[0-9A-Za-z_-]{1,32}$/.test(name)) {
    refuse("name", "this name", "1 to 32 letters, digits, hyphens or underscores");
  }
  if (!(share > 0 && share <= 1_000_000)) refuse("share", `share ${share}`, "more than 0 and at most 1,000,000");
  if (own.protocol === "auto") {
    refuse("protocol", "protocol auto", "3.1.1, 5 or mix; without it: the version of the fleet");
  }
  checkBounds({ ...own, ...telemetry && { telemetry } }, refuse, false);
  if (Object.keys(own).length > 0) {
    checkTogether({ ...plan, ...own }, refuse);
    checkLimits({ ...plan, ...own }, refuse);
    checkPresence({ ...plan, ...own }, refuse);
    checkSparkplug({ ...plan, ...own }, refuse);
    checkOwnPayloads({ ...plan, ...own }, refuse);
  }
  if (own.willTopic !== undefined || own.willRetain === true) {
    checkTopic({ ...plan, ...own }, faults, ["groups", place, "willTopic"]);
  }
  return faults;
}

/** The checks of the groups together. */
function fleetFaults(plan: FleetPlan, groups: readonly ClientGroup[]): PlanFault[] {
  if (groups.length === 0 || groups.length > mostGroups) {
    const sentence = `Cannot use ${formatCount(groups.length)} groups: expected 1 to ${mostGroups}`;
    return [{ path: ["groups"], sentence }];
  }
  const faults: PlanFault[] = [];
  const sizes = new Groups(plan, "mix").sizes(plan.clients);
  for (const [place, { name, node }] of groups.entries()) {
    if (node !== undefined && !plan.nodes?.some((each) => each.name === node)) {
      const known = plan.nodes?.map((each) => each.name).join(", ") ?? "no node, because the run has no --node";
      const sentence = `Cannot use node ${JSON.stringify(node)} of group ${JSON.stringify(name)}: expected ${known}`;
      faults.push({ path: ["groups", place, "node"], sentence });
    }
    const first = groups.findIndex((group) => group.name === name);
    if (first !== place) {
      const sentence = `Cannot name group ${place + 1} ${JSON.stringify(name)}: group ${first + 1} has that name`;
      faults.push({ path: ["groups", place, "name"], sentence });
    } else if (sizes[place] === 0) {
      const sentence =
        `Cannot use group ${JSON.stringify(name)}: none of ${formatCount(plan.clients)} clients falls into ` +
        `its share; expected more clients, or a larger share`;
      faults.push({ path: ["groups", place, "share"], sentence });
    }
  }
  return faults;
}

/** A watcher must see each will once, and no other message: none of its filters may match another's wills. */
function topicFaults(plan: FleetPlan): PlanFault[] {
  const plans = new Groups(plan, "mix").plans;
  const parts = { run: plan.run };
  for (const [place, { willTopic, telemetry }] of plans.entries()) {
    const filter = willTopicFilter(willTopic, parts);
    const path = plan.groups === undefined ? ["willTopic"] : ["groups", place];
    const other = plans.slice(0, place).find((each) =>
      each.willTopic !== willTopic && filtersMeet(willTopicFilter(each.willTopic, parts), filter)
    );
    if (other !== undefined) {
      const sentence = `Cannot tell the wills on ${JSON.stringify(willTopic)} from those on ${
        JSON.stringify(other.willTopic)
      }: expected groups with the same --will-topic, or with topics that one filter cannot both match`;
      return [{ path, sentence }];
    }
    const loud = plans.some((each) => each.telemetry !== undefined);
    if (telemetry !== undefined || loud) {
      if (!filtersMeet(filter, telemetryTopic(plan, 0))) continue;
      const sentence = `Cannot use --will-topic ${JSON.stringify(willTopic)} with telemetry, which goes to ${
        JSON.stringify(telemetryTopic(plan, 0))
      }: expected a topic whose filter ${JSON.stringify(filter)} does not match it`;
      return [{ path, sentence }];
    }
  }
  return [];
}
