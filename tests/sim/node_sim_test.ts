/** A cluster under the manual clock: clients and watchers on each node, and the matrix of what crosses the nodes. */
import assert from "node:assert/strict";
import { parseNodes } from "../../src/fleet/plan/cluster_node.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const nodes = parseNodes("n1=mqtt://sim:1,n2=mqtt://sim:2,n3=mqtt://sim:3", "--node");
const plan = {
  nodes,
  clients: 30,
  watchers: 2,
  durationMs: 3_000,
  killRate: { kind: "count", perSecond: 20 } as const,
};

/** Each pair of different nodes. */
const pairs = ["n1 n2", "n1 n3", "n2 n1", "n2 n3", "n3 n1", "n3 n2"];

for (let seed = 1; seed <= 5; seed++) {
  Deno.test(`nodes: a cluster that delivers every will passes, with every cell whole, seed ${seed}`, () => {
    const takeovers = [{ mode: "reset", weight: 1 }, { mode: "takeover", weight: 1 }] as const;
    const result = simulateFleet({ plan: { ...plan, seed, killShares: takeovers } });
    assert.equal(result.verdict, "pass", result.reason);
    assert.equal(result.byNode!.length, 9);
    for (const cell of result.byNode!) {
      assert.ok(cell.due > 0, JSON.stringify(cell));
      assert.deepEqual([cell.seen, cell.missing, cell.duplicates], [cell.due, 0, 0], JSON.stringify(cell));
      assert.deepEqual([cell.latencyMs.count, cell.brokerLatencyMs?.count], [cell.due, cell.due]);
      assert.ok(cell.brokerLatencyMs!.p99 <= cell.latencyMs.p99, JSON.stringify(cell));
    }
    const due = result.byNode!.reduce((sum, cell) => sum + cell.due, 0);
    assert.equal(due, 3 * result.wills.expected);
  });
}

for (const fanOut of [1, 2]) {
  for (let seed = 1; seed <= 3; seed++) {
    Deno.test(`nodes: with watchers on other nodes, each will crosses ${fanOut} times, seed ${seed}`, () => {
      const { watchers: _, ...rest } = plan;
      const killShares = [{ mode: "reset", weight: 1 }, { mode: "takeover", weight: 1 }] as const;
      const result = simulateFleet({ plan: { ...rest, seed, killShares, watchNodes: "other", fanOut } });
      assert.equal(result.verdict, "pass", result.reason);
      assert.deepEqual(result.byNode!.map(({ from, at }) => `${from} ${at}`), pairs);
      for (const cell of result.byNode!) {
        assert.ok(cell.due > 0, JSON.stringify(cell));
        assert.deepEqual([cell.seen, cell.missing, cell.duplicates], [cell.due, 0, 0], JSON.stringify(cell));
      }
      assert.equal(result.byNode!.reduce((sum, { due }) => sum + due, 0), fanOut * result.wills.expected);
      assert.ok(result.controls.total >= 3, "a canary beside each watcher");
    });
  }
}

Deno.test("nodes: with watchers on other nodes, all wills of a cluster without routes are missing", () => {
  const { watchers: _, ...rest } = plan;
  const result = simulateFleet({ plan: { ...rest, seed: 1, watchNodes: "other" }, severed: true });
  assert.equal(result.verdict, "fail", result.reason);
  assert.equal(result.wills.missing, result.wills.expected);
  assert.equal(result.warnings.filter((text) => /^wills of node n\d never reach node n\d:/.test(text)).length, 6);
  assert.deepEqual([result.controls.blind, result.controls.lost], [0, 0]);
});

Deno.test("nodes: wills that never cross nodes are missing there, and a warning names each pair of nodes", () => {
  const result = simulateFleet({ plan: { ...plan, seed: 1 }, severed: true });
  assert.equal(result.verdict, "fail", result.reason);
  assert.equal(result.wills.missing, result.wills.expected);
  for (const { from, at, due, seen, missing } of result.byNode!) {
    assert.ok(due > 0);
    assert.deepEqual([seen, missing], from === at ? [due, 0] : [0, due], `${from} ${at}`);
    const warned = result.warnings.some((text) => text.startsWith(`wills of node ${from} never reach node ${at}:`));
    assert.equal(warned, from !== at, `${from} ${at}`);
  }
  assert.deepEqual([result.controls.blind, result.controls.lost], [0, 0]);
});
