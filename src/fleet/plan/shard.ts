/**
 * Parts of one run: the clients and buckets of a shard and of each of its squads. Their actions follow from the whole
 * plan alone, so that parts in several processes are together the run that one process would be.
 */
import { UsageError } from "../../base/failure.ts";
import { ownClientId } from "./client_id.ts";
import type { FleetPlan, Shard } from "./plan.ts";

/** The most processes that may share a run. */
export const mostShards = 1_000;

/** Reads `2/5`. @throws UsageError when it is no part */
export function parseShard(text: string, name: string): Shard {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const shard = { number: Number(match?.[1]), of: Number(match?.[2]) };
  if (match !== null && shard.number >= 1 && shard.number <= shard.of && shard.of <= mostShards) return shard;
  throw new UsageError(
    `Cannot read ${name} ${JSON.stringify(text)}: expected a part of a whole such as 2/5, of at most 1,000 parts`,
  );
}

/** A shard as people write it. */
export function shardText({ number, of }: Shard): string {
  return `${number}/${of}`;
}

/** How many processes carry out a plan. */
export function shardsOf({ shard }: Pick<FleetPlan, "shard">): number {
  return shard?.of ?? 1;
}

/** A range of numbers. */
interface Range {
  readonly first: number;
  readonly count: number;
}

/** One of `parts` parts of a range, from 0, as even as can be. */
export function partOf({ first, count }: Range, parts: number, number: number): Range {
  const from = Math.floor(count * number / parts);
  return { first: first + from, count: Math.floor(count * (number + 1) / parts) - from };
}

/** The clients that this process connects. */
export function clientsHere({ clients, shard }: Pick<FleetPlan, "clients" | "shard">): Range {
  return here(clients, shard);
}

/** The buckets that this process watches. */
export function bucketsHere({ watchers, shard }: Pick<FleetPlan, "watchers" | "shard">): Range {
  return here(watchers, shard);
}

function here(count: number, shard: Shard | undefined): Range {
  const all = { first: 0, count };
  return shard === undefined ? all : partOf(all, shard.of, shard.number - 1);
}

/** The client id of a connection that is neither client nor watcher: no two shards may take each other over. */
export function ownIdOf(plan: FleetPlan, name: string): string {
  return ownClientId(plan, `${plan.shard === undefined ? "" : `s${plan.shard.number}`}${name}`);
}
