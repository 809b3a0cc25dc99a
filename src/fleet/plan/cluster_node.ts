/**
 * The nodes of a cluster: one target with several addresses. A client's node follows from the plan, its number and its
 * incarnation alone, so that threads, shards and recordings agree on it.
 */
import { UsageError } from "../../base/failure.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import type { ClusterNode, FleetPlan } from "./plan.ts";

/** The part of a plan that decides on which node a connection is. */
type Spread = Pick<FleetPlan, "nodes" | "clients" | "node">;

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

const patterns = new WeakMap<readonly ClusterNode[], readonly number[]>();

/** Nodes by turn: each next place belongs to the node with the largest deficit of its share. */
function patternOf(nodes: readonly ClusterNode[]): readonly number[] {
  const known = patterns.get(nodes);
  if (known !== undefined) return known;
  const total = nodes.reduce((sum, { share }) => sum + share, 0);
  const given = nodes.map(() => 0);
  const pattern = Array.from({ length: total }, (_, place) => {
    const behind = nodes.map(({ share }, node) => share / total * (place + 1) - given[node]!);
    const node = behind.indexOf(Math.max(...behind));
    given[node]!++;
    return node;
  });
  patterns.set(nodes, pattern);
  return pattern;
}

/**
 * The node of a life, from 0. The first lives are spread by share, and each further life is on the next place of the
 * pattern, as behind a load balancer: so a reconnect, a takeover and a resumed session cross nodes. The clients of a
 * group with a node of its own stay on that node.
 *
 * @param down nodes that are stopped: such a life is on the next node of the pattern
 */
export function nodeOf(
  { nodes, clients, node }: Spread,
  client: number,
  incarnation: number,
  down: ReadonlySet<number> = noNodes,
): number {
  if (nodes === undefined) return 0;
  if (client >= clients) return (client - clients) % nodes.length;
  const own = node === undefined ? -1 : nodes.findIndex(({ name }) => name === node);
  if (own >= 0 && !down.has(own)) return own;
  const pattern = patternOf(nodes);
  const place = client + incarnation - 1;
  for (let step = 0; step < pattern.length; step++) {
    const next = pattern[(place + step) % pattern.length]!;
    if (!down.has(next)) return next;
  }
  return pattern[place % pattern.length]!;
}

const noNodes: ReadonlySet<number> = new Set();

/** The node of a watcher: its copies are on the nodes in turn. */
export function watcherNodeOf(plan: Pick<FleetPlan, "nodes">, copy: number): number {
  return copy % nodeCount(plan);
}
