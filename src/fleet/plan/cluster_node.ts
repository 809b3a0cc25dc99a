/**
 * The nodes of a cluster: one target with several addresses. A client's node follows from the plan, its number and its
 * incarnation alone, so that threads, shards and recordings agree on it.
 */
import { UsageError } from "../../base/failure.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import type { ClusterNode, FleetPlan } from "./plan.ts";

/** The part of a plan that decides on which node a connection is. */
type Spread = Pick<FleetPlan, "nodes" | "clients" | "node" | "watchers" | "fanOut" | "watchNodes">;

/** The life of a client: the client's number, the life's number and the bucket. */
interface SpreadLife {
  readonly client: number;
  readonly incarnation: number;
  readonly bucket: number;
}

/** The part of a plan that decides on which nodes the watchers are. */
type WatcherSpread = Pick<FleetPlan, "nodes" | "watchNodes">;

/** The most nodes of one cluster. */
export const mostNodes = 32;
const mostShares = 100;
const syntax = /^([\w.-]{1,32})(?::(\d{1,3}))?=(.+)$/;
const allowed = "NAME=URL or NAME:SHARE=URL, such as n1=mqtt://127.0.0.1:1883; the share is 1 to 100";

/** Reads one node, or several with commas between them. @throws UsageError */
export function parseNodes(text: string, name: string): readonly ClusterNode[] {
  return text.split(/,(?=[\w.-]+(?::\d+)?=[a-z]+:\/\/)/).map((part) => parseNode(part, name));
}

function parseNode(text: string, name: string): ClusterNode {
  const match = syntax.exec(text);
  const share = Number(match?.[2] ?? 1);
  if (match === null || share < 1 || share > mostShares) {
    // The text may have a password in its URL.
    throw new UsageError(`Cannot read ${name} ${JSON.stringify(text.split("=")[0])}: expected ${allowed}`);
  }
  const { url, username, password } = parseEndpoint(match[3]!);
  if ((username ?? password) !== undefined) {
    throw new UsageError(`Cannot read ${name} ${match[1]}: a user in its URL; expected --username and --password-file`);
  }
  return { name: match[1]!, url, share };
}

/** The nodes as one value that {@link parseNodes} reads. */
export function nodesText(nodes: readonly ClusterNode[]): string {
  return nodes.map(({ name, url, share }) => `${name}${share === 1 ? "" : `:${share}`}=${url}`).join(",");
}

/** The number of nodes; 1 without a cluster. */
export function nodeCount({ nodes }: Pick<FleetPlan, "nodes">): number {
  return nodes?.length ?? 1;
}

const patterns = new WeakMap<readonly ClusterNode[], Map<string, readonly number[]>>();

/** Nodes by turn, of those at these places: each next turn belongs to the node with the largest deficit of its share. */
function patternOf(nodes: readonly ClusterNode[], places: readonly number[]): readonly number[] {
  const known = patterns.get(nodes) ?? new Map<string, readonly number[]>();
  patterns.set(nodes, known);
  const key = places.join();
  const pattern = known.get(key) ?? turnsOf(nodes, places);
  known.set(key, pattern);
  return pattern;
}

function turnsOf(nodes: readonly ClusterNode[], places: readonly number[]): readonly number[] {
  const total = places.reduce((sum, place) => sum + nodes[place]!.share, 0);
  const given = places.map(() => 0);
  return Array.from({ length: total }, (_, turn) => {
    const behind = places.map((place, at) => nodes[place]!.share / total * (turn + 1) - given[at]!);
    const at = behind.indexOf(Math.max(...behind));
    given[at]!++;
    return places[at]!;
  });
}

/**
 * The node of a life, from 0. The first lives are spread by share, and each further life is on the next place of the
 * pattern, as behind a load balancer: so a reconnect, a takeover and a resumed session cross nodes. The clients of a
 * group with a node of its own stay on that node. Where the watchers are on other nodes than the clients, the pattern
 * has no node that has a watcher of the client's bucket.
 *
 * @param down nodes that are stopped: such a life is on the next node of the pattern
 */
export function nodeOf(plan: Spread, life: SpreadLife, down: ReadonlySet<number> = noNodes): number {
  const { nodes, clients, node, watchers } = plan;
  const { client, incarnation, bucket } = life;
  if (nodes === undefined) return 0;
  if (client >= clients) return (client - clients) % nodes.length;
  const own = node === undefined ? -1 : nodes.findIndex(({ name }) => name === node);
  if (own >= 0 && !down.has(own)) return own;
  const isApart = plan.watchNodes === "other";
  const pattern = patternOf(nodes, isApart ? nodesWithoutWatcher(plan, bucket) : [...nodes.keys()]);
  // The clients of one bucket are a number of clients apart from each other.
  const place = (isApart ? Math.floor(client / watchers) : client) + incarnation - 1;
  for (let step = 0; step < pattern.length; step++) {
    const next = pattern[(place + step) % pattern.length]!;
    if (!down.has(next)) return next;
  }
  return pattern[place % pattern.length]!;
}

const noNodes: ReadonlySet<number> = new Set();

/**
 * The node of a watcher: the copies of one bucket are on the nodes in turn. Where the clients are on other nodes than
 * their watchers, each bucket begins at the next node.
 */
export function watcherNodeOf(plan: WatcherSpread, bucket: number, copy: number): number {
  return (plan.watchNodes === "other" ? bucket + copy : copy) % nodeCount(plan);
}

/** The nodes with a watcher of a bucket, in their order. */
export function watchedNodes(plan: WatcherSpread & Pick<FleetPlan, "fanOut">, bucket: number): number[] {
  const nodes = Array.from({ length: plan.fanOut }, (_, copy) => watcherNodeOf(plan, bucket, copy));
  return [...new Set(nodes)].sort((one, other) => one - other);
}

function nodesWithoutWatcher(plan: Spread, bucket: number): number[] {
  const watched = watchedNodes(plan, bucket);
  return [...plan.nodes!.keys()].filter((node) => !watched.includes(node));
}
