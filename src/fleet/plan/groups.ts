/**
 * Groups of clients: each a share of the fleet with its own settings, spread evenly over the client numbers so that
 * every part of a fleet has its part of each group.
 */
import { mix } from "../../base/random.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import type { ClientGroup, FleetPlan } from "./plan.ts";

/** Client numbers repeat their groups after so many: shares have a resolution of one thousandth. */
const patternLength = 1_000;

/** The number that separates this draw from others about the same client. */
const versionDraw = 1;

export class Groups {
  readonly #plans: readonly FleetPlan[];
  readonly #pattern: Uint8Array;
  readonly #groups: readonly ClientGroup[];
  readonly #protocol: "3.1.1" | "5" | "mix";

  /** @param protocol the version of clients whose group sets none */
  constructor(plan: FleetPlan, protocol: "3.1.1" | "5" | "mix") {
    this.#protocol = protocol;
    this.#groups = plan.groups ?? [{ name: "all", share: 1 }];
    this.#plans = this.#groups.map((group) => planOfGroup(plan, group));
    this.#pattern = patternOf(this.#groups.map((group) => group.share));
  }

  /** The number of groups; at most 255. */
  get count(): number {
    return this.#groups.length;
  }

  /** A group's name; `all` where the plan has no groups. */
  nameOf(index: number): string {
    return this.#groups[index]!.name;
  }

  /** Which group a client belongs to, from 0. */
  indexOf(client: number): number {
    return this.#pattern[client % this.#pattern.length]!;
  }

  /** The plan for a client: its group's settings before the fleet's. */
  planOf(client: number): FleetPlan {
    return this.#plans[this.indexOf(client)]!;
  }

  /** The number of clients of each group among so many, counted from number 0. */
  sizes(clients: number): number[] {
    const sizes = this.#groups.map(() => 0);
    const { length } = this.#pattern;
    const rest = clients % length;
    this.#pattern.forEach((group, place) => sizes[group]! += Math.floor(clients / length) + (place < rest ? 1 : 0));
    return sizes;
  }

  /** The version of a client in all its lives. */
  versionOf(client: number): ProtocolVersion {
    const protocol = this.#protocolOf(this.#groups[this.indexOf(client)]!);
    if (protocol === "mix") return mix(this.planOf(client).seed, client, versionDraw) % 2 === 0 ? 4 : 5;
    return protocol === "5" ? 5 : 4;
  }

  /** Whether any client may use 5.0. */
  get speaks5(): boolean {
    return this.protocol !== "3.1.1";
  }

  /** The versions of the clients of all groups together. */
  get protocol(): "3.1.1" | "5" | "mix" {
    const [first, ...others] = new Set(this.#groups.map((group) => this.#protocolOf(group)));
    return others.length === 0 ? first! : "mix";
  }

  /** The plans of all groups, with the settings of each. */
  get plans(): readonly FleetPlan[] {
    return this.#plans;
  }

  #protocolOf({ protocol }: ClientGroup): "3.1.1" | "5" | "mix" {
    return protocol === undefined || protocol === "auto" ? this.#protocol : protocol;
  }

  /** The groups of these names, by index; all of them without names. */
  named(names: readonly string[] | undefined): number[] {
    return this.#groups.flatMap((group, index) => names === undefined || names.includes(group.name) ? [index] : []);
  }
}

function planOfGroup(plan: FleetPlan, group: ClientGroup): FleetPlan {
  const { name, share: _share, telemetry, ...own } = group;
  const merged: FleetPlan = { ...plan, ...own, ...telemetry !== undefined && { telemetry } };
  const { willTopic, username, password } = merged;
  const filled = (text: string) => text.replaceAll("{group}", name);
  return Object.freeze({
    ...merged,
    willTopic: filled(willTopic),
    ...username !== undefined && { username: filled(username) },
    ...password !== undefined && { password: filled(password) },
  });
}

/** Each next number belongs to the group with the largest deficit of its share. */
function patternOf(shares: readonly number[]): Uint8Array {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const given = shares.map(() => 0);
  return Uint8Array.from({ length: shares.length === 1 ? 1 : patternLength }, (_, place) => {
    const behind = shares.map((share, group) => share / total * (place + 1) - given[group]!);
    const group = behind.indexOf(Math.max(...behind));
    given[group]!++;
    return group;
  });
}
