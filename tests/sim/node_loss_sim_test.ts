/**
 * The loss of nodes under the manual clock: the oracle accepts each lawful behaviour of a cluster, and finds each
 * planted fault.
 */
import assert from "node:assert/strict";
import { parseNodes } from "../../src/fleet/plan/cluster_node.ts";
import type { NodeLossPhase, PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import { Recording } from "../support/recording.ts";
import { simulateFleet, type Simulation } from "../support/simulated_fleet.ts";

const nodes = parseNodes("n1=mqtt://sim:1,n2=mqtt://sim:2,n3=mqtt://sim:3", "--node");
const loss: NodeLossPhase = { kind: "node-loss", nodes: "last", downMs: 3_000, durationMs: 3_000, jitterMs: 500 };
const plan: Partial<PlanRequest> = {
  nodes,
  clients: 60,
  watchers: 2,
  killRate: { kind: "count", perSecond: 10 },
  killShares: [{ mode: "reset", weight: 2 }, { mode: "close", weight: 1 }, { mode: "leave", weight: 1 }],
  sessionExpiryS: 300,
  phases: [{ kind: "kill", durationMs: 1_500 }, loss],
};
const none = { kind: "count", perSecond: 0 } as const;
const faultNames = ["missing", "late", "early", "duplicate", "unwanted", "altered"] as const;

function faultsOf({ wills }: FleetResult): Record<string, number> {
  return Object.fromEntries(faultNames.flatMap((name) => wills[name] === 0 ? [] : [[name, wills[name]]]));
}

const lawful: readonly [what: string, simulation: Omit<Simulation, "plan">, more?: Partial<PlanRequest>][] = [
  ["that publishes the wills at once", { nodeFate: { wills: "at once" } }],
  ["that publishes the wills when the node is back", { nodeFate: { wills: { afterMs: 4_200 } } }],
  ["that forgets the sessions of the node", { protocol: "5", nodeFate: { wills: "at once", forgets: true } }],
  ["with delayed wills", { protocol: "5" }, { willDelayS: 2, reconnectAfterMs: 3_000 }],
  ["with wills at QoS 0", {}, { willQos: 0 }],
  ["with takeovers and silent clients", {}, {
    keepAliveS: 2,
    killShares: [{ mode: "takeover", weight: 1 }, { mode: "freeze", weight: 1 }],
  }],
  ["whose nodes restart one after the other", {}, { phases: [{ ...loss, nodes: "each", durationMs: 500 }] }],
  ["whose node is drained", {}, { phases: [{ ...loss, drainMs: 1_000 }] }],
  ["with several threads", {}, { workers: 2 }],
  ["with watchers on other nodes", { nodeFate: { wills: { afterMs: 4_200 } } }, { watchNodes: "other", watchers: 3 }],
];

for (const [what, simulation, more] of lawful) {
  for (let seed = 1; seed <= 4; seed++) {
    Deno.test(`node loss: the oracle accepts a cluster ${what}, seed ${seed}`, () => {
      const result = simulateFleet({ ...simulation, plan: { ...plan, ...more, seed } });
      assert.deepEqual(faultsOf(result), {}, JSON.stringify(result.faults.slice(0, 3)));
      assert.equal(result.verdict, "pass", result.reason);
      const { each } = result.restarts!;
      assert.equal(each.length, more?.phases?.some((phase) => "nodes" in phase && phase.nodes === "each") ? 3 : 1);
      for (const { node, survived } of each) assert.ok(node !== undefined && survived === 0, `${node} ${survived}`);
    });
  }
}

/** Faults of a cluster, with the verdicts that the oracle must give: by kind, those of lives that ended with the node. */
const planted: readonly [what: string, Omit<Simulation, "plan">, Partial<PlanRequest>, fault: string, text: RegExp][] =
  [
    [
      "loses the wills of a dead node",
      { nodeFate: { wills: "never" } },
      {},
      "missing",
      /^was due \d+ ms after its node went down and never came$/,
    ],
    [
      "publishes the wills of a dead node once more when the node is back",
      { nodeFate: { wills: { againAfterMs: 4_200 } } },
      {},
      "duplicate",
      /^came 2 times$/,
    ],
    [
      "publishes the wills of a dead node long after the node is back",
      { nodeFate: { wills: { afterMs: 8_000 } } },
      { phases: [{ kind: "kill", durationMs: 1_500 }, { ...loss, durationMs: 8_000 }] },
      "late",
      /^was due \d+ ms after its node went down and came [\d,]+ ms late, after adjustment for the downtime of the broker$/,
    ],
  ];

for (const [what, simulation, more, fault, text] of planted) {
  for (let seed = 1; seed <= 3; seed++) {
    Deno.test(`node loss: the oracle finds a cluster that ${what}, seed ${seed}`, () => {
      const result = simulateFleet({ ...simulation, plan: { ...plan, ...more, seed } });
      assert.equal(result.verdict, "fail", result.reason);
      const { lives } = result.restarts!;
      assert.ok(lives.expected > 3, `${lives.expected} lives`);
      assert.deepEqual(faultsOf(result), { [fault]: lives.expected }, "every will of the node, and no other");
      for (const sample of result.faults) {
        assert.equal(sample.mode, "restart");
        assert.match(sample.text, text);
        assert.match(sample.rule, fault === "duplicate" ? /3\.1\.2-10$/ : /3\.1\.2-8$/);
      }
    });
  }
}

Deno.test("node loss: with watchers on other nodes, the lost wills of a dead node are found there", () => {
  const apart = { ...plan, watchNodes: "other", watchers: 3 } as const;
  const result = simulateFleet({ plan: apart, nodeFate: { wills: "never" } });
  const { lives } = result.restarts!;
  assert.ok(lives.expected > 3, `${lives.expected} lives`);
  assert.deepEqual(faultsOf(result), { missing: lives.expected });
  const missing = result.byNode!.flatMap(({ from, at, missing }) => missing === 0 ? [] : [`${from} ${at}`]);
  assert.deepEqual(missing, ["n3 n1", "n3 n2"]);
});

Deno.test("node loss: a stop that ends no connection makes the run void, with the node's name", () => {
  const result = simulateFleet({ plan, stays: true });
  assert.equal(result.verdict, "void");
  assert.equal(result.reason, "the stop of node n3 ended no connection: check that --node-stop stops it");
});

Deno.test("node loss: the clients of the node connect to other nodes, and no client connects to it until it is back", () => {
  const recording = new Recording();
  const result = simulateFleet({ plan, recording });
  const events = recording.text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const down = events.find(({ kind }) => kind === "down");
  const up = events.find(({ kind }) => kind === "up");
  assert.equal(down.node, 2);
  const ended = events.filter(({ kind }) => kind === "ended").map(({ client }) => client);
  assert.equal(ended.length, result.restarts!.each[0]!.lives);
  assert.ok(ended.length > 10);
  const connects = events.filter(({ kind, atMs }) => kind === "connect" && atMs > down.atMs && atMs < up.atMs);
  assert.deepEqual(connects.filter(({ node }) => node === 2), []);
  const back = new Set(connects.map(({ client }) => client));
  assert.deepEqual(ended.filter((client) => !back.has(client)), []);
});

Deno.test("node loss: with a drain, the clients leave the node before it stops, and none of them leaves a will", () => {
  const drained = simulateFleet({ plan: { ...plan, killRate: none, phases: [{ ...loss, drainMs: 1_000 }] } });
  const { restarts, kills, verdict, reason } = drained;
  assert.equal(restarts!.each[0]!.lives, 0);
  assert.deepEqual([kills.total, kills.byMode.leave!.kills], [20, 20]);
  assert.deepEqual([verdict, reason], ["void", reason], "no will is due");
});

Deno.test("node loss: a group with a node of its own is on that node, and elsewhere only while it is down", () => {
  const recording = new Recording();
  const groups = [{ name: "edge", share: 1, node: "n3" }, { name: "rest", share: 1 }];
  const result = simulateFleet({ plan: { ...plan, groups }, recording });
  assert.deepEqual(faultsOf(result), {});
  const events = recording.text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const [downMs, upMs] = ["down", "up"].map((name) => events.find(({ kind }) => kind === name).atMs);
  const edge = events.filter(({ kind, client }) => kind === "connect" && client % 2 === 0 && client < 60);
  assert.ok(edge.length > 40);
  for (const { node, atMs } of edge) assert.equal(node === 2, atMs < downMs || atMs > upMs, `${node} at ${atMs}`);
});
