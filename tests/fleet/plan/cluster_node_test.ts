/** Nodes of a cluster: their syntax, and the spread of clients over them. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { nodeOf, nodesText, parseNodes, watchedNodes, watcherNodeOf } from "../../../src/fleet/plan/cluster_node.ts";
import type { NodeLossPhase, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";

const three = parseNodes("a=mqtt://h:1,b:2=mqtt://h:2,c=mqtt://h:3", "--node");
const equal = parseNodes("a=mqtt://h:1,b=mqtt://h:2,c=mqtt://h:3", "--node");
/** Without a watcher's node, the bucket of a client plays no part. */
const spread = { nodes: equal, clients: 400, watchers: 1, fanOut: 3 };
const first = (client: number, bucket = 0) => ({ client, incarnation: 1, bucket });

Deno.test("cluster node: a list of nodes is read and written without loss", () => {
  assert.deepEqual(three.map(({ name, share, url }) => [name, share, url]), [
    ["a", 1, "mqtt://h:1"],
    ["b", 2, "mqtt://h:2"],
    ["c", 1, "mqtt://h:3"],
  ]);
  assert.deepEqual(parseNodes(nodesText(three), "--node"), three);
});

const invalid = [
  "a",
  "=mqtt://h",
  "a:0=mqtt://h",
  "a:101=mqtt://h",
  "a b=mqtt://h",
  "a=mqtt://u:secret@h",
  "a=ftp://h",
];
for (const text of invalid) {
  Deno.test(`cluster node: refuses ${text}`, () => {
    assert.throws(() => parseNodes(text, "--node"), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
}

Deno.test("cluster node: first lives have the shares of the nodes", () => {
  const counts = [0, 0, 0];
  for (let client = 0; client < 400; client++) counts[nodeOf({ ...spread, nodes: three }, first(client))]!++;
  assert.deepEqual(counts, [100, 200, 100]);
});

Deno.test("cluster node: with equal shares each further life is on the next node", () => {
  assert.deepEqual([1, 2, 3, 4].map((incarnation) => nodeOf(spread, { ...first(1), incarnation })), [1, 2, 0, 1]);
});

Deno.test("cluster node: a life is on the next node that is up", () => {
  const lives = (down: ReadonlySet<number>, node?: string) =>
    [1, 2, 3].map((incarnation) => nodeOf({ ...spread, ...node && { node } }, { ...first(0), incarnation }, down));
  assert.deepEqual(lives(new Set()), [0, 1, 2]);
  assert.deepEqual(lives(new Set([1])), [0, 2, 2]);
  assert.deepEqual(lives(new Set([1, 2])), [0, 0, 0]);
  assert.deepEqual(lives(new Set(), "c"), [2, 2, 2], "the node of a group");
  assert.deepEqual(lives(new Set([2]), "c"), [0, 1, 0], "while it is down");
});

for (const fanOut of [1, 2]) {
  for (const watchers of [3, 4, 7]) {
    const title = `no client is on the node of its ${fanOut === 1 ? "watcher" : "two watchers"}, ${watchers} buckets`;
    Deno.test(`cluster node: with watchers on other nodes, ${title}`, () => {
      const plan = { ...spread, clients: 420, watchers, fanOut, watchNodes: "other" } as const;
      const counts = [0, 0, 0];
      for (let client = 0; client < 420; client++) {
        const bucket = client % watchers;
        const copies = Array.from({ length: fanOut }, (_, copy) => watcherNodeOf(plan, bucket, copy));
        assert.deepEqual(watchedNodes(plan, bucket), [...copies].sort());
        const lives = [1, 2, 3].map((incarnation) => nodeOf(plan, { client, incarnation, bucket }));
        for (const node of lives) assert.ok(!copies.includes(node), `client ${client} on ${node} of ${copies}`);
        assert.equal(lives[0] === lives[1], fanOut === 2, "each further life is on the next node, where there is one");
        counts[lives[0]!]!++;
      }
      // Buckets beyond a multiple of the nodes make one node busier.
      const most = 420 * Math.ceil(watchers / 3) / watchers + 3;
      for (const count of counts) assert.ok(count > 80 && count < most, `${counts}`);
    });
  }
}

Deno.test("cluster node: with watchers on other nodes, a life avoids its watcher also while a node is down", () => {
  const plan = { ...spread, fanOut: 1, watchNodes: "other" } as const;
  for (let client = 0; client < 6; client++) {
    assert.equal(nodeOf(plan, first(client, 0), new Set([1])), 2);
    assert.equal(nodeOf(plan, first(client, 1), new Set([2])), 0);
  }
});

Deno.test("cluster node: with watchers on other nodes, each node has as many watchers, and each will one watcher", () => {
  const plan = makePlan({ run: "r", seed: 1, nodes: equal, watchNodes: "other", clients: 2_000 });
  assert.deepEqual([plan.watchers, plan.fanOut], [6, 1]);
  const few = makePlan({ run: "r", seed: 1, nodes: equal, watchNodes: "other", clients: 10, workers: 2 });
  assert.equal(few.watchers, 6);
  const every = makePlan({ run: "r", seed: 1, nodes: equal, watchNodes: "every", clients: 2_000 });
  assert.deepEqual([every.watchers, every.fanOut], [4, 3]);
});

const loss = { kind: "node-loss", nodes: "last", downMs: 1_000, durationMs: 1_000 } as const;
const apart: readonly [what: string, more: Partial<PlanRequest> | "no nodes", refusal: RegExp][] = [
  ["no nodes", "no nodes", /^Cannot use --watch-nodes other: expected --node for each node of a cluster$/],
  [
    "two watchers on two nodes",
    { nodes: parseNodes("a=mqtt://h,b=mqtt://i", "--node"), fanOut: 2 },
    /^Cannot use --fan-out 2 on 2 nodes: expected 1 with --watch-nodes other: the clients need a node without/,
  ],
  ["a watcher on every node", { fanOut: 3 }, /^Cannot use --fan-out 3 on 3 nodes: expected 1 to 2 with --watch-nodes/],
  [
    "a node loss that leaves a client no node",
    { fanOut: 2, phases: [{ kind: "kill" }, loss] },
    /^Cannot use --watch-nodes other with 3 nodes, one of which stops: expected a node more/,
  ],
  [
    "a group on one node",
    { groups: [{ name: "g", share: 1, node: "a" }] },
    /^Cannot use --watch-nodes other with group g on node a: expected groups without on-node/,
  ],
];
for (const [what, more, refusal] of apart) {
  Deno.test(`cluster node: a plan with watchers on other nodes refuses ${what}`, () => {
    const request = { run: "r", seed: 1, watchNodes: "other", ...more === "no nodes" ? {} : { nodes: equal, ...more } };
    assert.throws(() => makePlan(request as PlanRequest), { message: refusal });
  });
}

const losses: readonly [what: string, phase: Partial<NodeLossPhase>, refusal: RegExp][] = [
  ["an unknown node", { nodes: ["a", "x"] }, /Cannot use node "x" in phase 1: expected one of a, b, each or last/],
  ["no nodes", { nodes: [] }, /Cannot use no nodes in phase 1: expected at least one/],
  ["an endless loss", { downMs: Infinity }, /Cannot use Infinity ms in phase 1: expected 0 to 604,800,000 ms/],
];
for (const [what, more, refusal] of losses) {
  Deno.test(`cluster node: a phase that loses nodes refuses ${what}`, () => {
    const phase = { kind: "node-loss", nodes: "last", downMs: 1_000, durationMs: 1_000, ...more } as const;
    const nodes = parseNodes("a=mqtt://h,b=mqtt://i", "--node");
    assert.throws(() => makePlan({ run: "r", seed: 1, nodes, phases: [phase] }), refusal);
  });
}

Deno.test("cluster node: a node of a phase or a group needs the nodes of the run", () => {
  const phases = [{ kind: "node-loss", nodes: "last", downMs: 1_000, durationMs: 1_000 }] as const;
  assert.throws(() => makePlan({ run: "r", seed: 1, phases }), /expected --node for each node of a cluster/);
  const groups = [{ name: "g", share: 1, node: "x" }];
  const refusal = /Cannot use node "x" of group "g": expected no node, because the run has no --node/;
  assert.throws(() => makePlan({ run: "r", seed: 1, groups }), refusal);
});

const plans: readonly [what: string, text: string, fanOut: number | undefined, refusal: RegExp][] = [
  ["one node", "a=mqtt://h", undefined, /2 to 32 nodes/],
  ["one name twice", "a=mqtt://h,a=mqtt://i", undefined, /one name for each node/],
  ["a fan-out that is no multiple", "a=mqtt://h,b=mqtt://i", 3, /a multiple of 2/],
];
for (const [what, text, fanOut, refusal] of plans) {
  Deno.test(`cluster node: a plan refuses ${what}`, () => {
    const nodes = parseNodes(text, "--node");
    assert.throws(() => makePlan({ run: "r", seed: 1, nodes, ...fanOut !== undefined && { fanOut } }), refusal);
  });
}
