/** Nodes of a cluster: their syntax, and the spread of clients over them. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { nodeOf, nodesText, parseNodes } from "../../../src/fleet/plan/cluster_node.ts";
import type { NodeLossPhase } from "../../../src/fleet/plan/plan.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";

const three = parseNodes("a=mqtt://h:1,b:2=mqtt://h:2,c=mqtt://h:3", "--node");

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
  for (let client = 0; client < 400; client++) counts[nodeOf({ nodes: three, clients: 400 }, client, 1)]!++;
  assert.deepEqual(counts, [100, 200, 100]);
});

Deno.test("cluster node: with equal shares each further life is on the next node", () => {
  const nodes = parseNodes("a=mqtt://h:1,b=mqtt://h:2,c=mqtt://h:3", "--node");
  assert.deepEqual([1, 2, 3, 4].map((life) => nodeOf({ nodes, clients: 9 }, 1, life)), [1, 2, 0, 1]);
});

Deno.test("cluster node: a life is on the next node that is up", () => {
  const nodes = parseNodes("a=mqtt://h:1,b=mqtt://h:2,c=mqtt://h:3", "--node");
  const lives = (down: ReadonlySet<number>, node?: string) =>
    [1, 2, 3].map((life) => nodeOf({ nodes, clients: 9, ...node && { node } }, 0, life, down));
  assert.deepEqual(lives(new Set()), [0, 1, 2]);
  assert.deepEqual(lives(new Set([1])), [0, 2, 2]);
  assert.deepEqual(lives(new Set([1, 2])), [0, 0, 0]);
  assert.deepEqual(lives(new Set(), "c"), [2, 2, 2], "the node of a group");
  assert.deepEqual(lives(new Set([2]), "c"), [0, 1, 0], "while it is down");
});

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
