/** Nodes of a cluster: their syntax, and the spread of clients over them. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { nodeOf, nodesText, parseNodes } from "../../../src/fleet/plan/cluster_node.ts";
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
