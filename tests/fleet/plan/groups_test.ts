/** Groups: which clients belong to each, and which values apply to them. */
import assert from "node:assert/strict";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import type { ClientGroup } from "../../../src/fleet/plan/plan.ts";
import { aPlan } from "../sample_life.ts";

function of(groups: readonly ClientGroup[], request = {}): Groups {
  return new Groups(aPlan({ clients: 100_000, groups, ...request }), "mix");
}

/** The number of clients in each group, for `clients` clients from number `first`. */
function counts(groups: Groups, first: number, clients: number): number[] {
  const found = Array.from({ length: groups.count }, () => 0);
  for (let client = first; client < first + clients; client++) found[groups.indexOf(client)]!++;
  return found;
}

Deno.test("groups: a plan without groups has one group of all clients, with the plan itself", () => {
  const plan = aPlan();
  const groups = new Groups(plan, "5");
  assert.deepEqual({ groups: groups.count, indexOf: groups.indexOf(12_345), versionOf: groups.versionOf(3) }, {
    groups: 1,
    indexOf: 0,
    versionOf: 5,
  });
  assert.deepEqual(groups.planOf(5), plan);
  assert.deepEqual(groups.named(undefined), [0]);
});

const shared: readonly [shares: readonly number[]][] = [[[1, 1]], [[3, 1]], [[5, 3, 2]], [[0.1, 0.9]], [[1, 2, 3, 4]]];
for (const [shares] of shared) {
  Deno.test(`groups: shares ${shares.join(" : ")} hold in each stretch of clients`, () => {
    const groups = of(shares.map((share, place) => ({ name: `g${place}`, share })));
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (const [first, clients] of [[0, 10_000], [333, 1_000], [50, 100], [99_000, 1_000]] as const) {
      counts(groups, first, clients).forEach((count, place) => {
        const due = clients * shares[place]! / total;
        assert.ok(Math.abs(count - due) <= 2, `${count} of ${clients} in group ${place}, ${due} due`);
      });
    }
  });
}

Deno.test("groups: sizes add up to the last client", () => {
  const groups = of([{ name: "a", share: 5 }, { name: "b", share: 2 }, { name: "c", share: 0.01 }]);
  for (const clients of [1, 7, 999, 1_000, 1_001, 54_321]) {
    assert.deepEqual(groups.sizes(clients), counts(groups, 0, clients));
  }
});

Deno.test("groups: a client's plan takes the group's values before the fleet's, with names filled in", () => {
  const groups = of([
    { name: "a", share: 1, willDelayS: 5, willTopic: "{group}/{run}/{bucket}/{client}", username: "u-{client}" },
    { name: "b", share: 1, telemetry: { perSecond: 1, sizeBytes: 10, qos: 1 } },
  ], { willDelayS: 1, username: "{group}", password: "of {group}" });
  const [a, b] = [groups.plans[0]!, groups.plans[1]!];
  assert.deepEqual({
    willDelayS: a.willDelayS,
    willTopic: a.willTopic,
    username: a.username,
    password: a.password,
    telemetry: a.telemetry,
  }, {
    willDelayS: 5,
    willTopic: "a/{run}/{bucket}/{client}",
    username: "u-{client}",
    password: "of a",
    telemetry: undefined,
  });
  assert.deepEqual({ willDelayS: b.willDelayS, username: b.username, password: b.password, qos: b.telemetry?.qos }, {
    willDelayS: 1,
    username: "b",
    password: "of b",
    qos: 1,
  });
});

Deno.test("groups: a group's own versions win over the settled versions", () => {
  const groups = (protocol: "3.1.1" | "5" | "mix", own: ClientGroup["protocol"]) =>
    new Groups(
      aPlan({
        clients: 1_000,
        groups: [{ name: "a", share: 1 }, { name: "b", share: 1, ...own && { protocol: own } }],
      }),
      protocol,
    );
  const versions = (of: Groups, group: number) =>
    new Set(
      Array.from({ length: 1_000 }, (_, client) => client).filter((client) => of.indexOf(client) === group)
        .map((client) => of.versionOf(client)),
    );
  assert.deepEqual(versions(groups("3.1.1", "5"), 0), new Set([4]));
  assert.deepEqual(versions(groups("3.1.1", "5"), 1), new Set([5]));
  assert.equal(versions(groups("5", "mix"), 1).size, 2);
  assert.deepEqual(
    (["3.1.1", "5", "mix"] as const).map((protocol) => groups(protocol, "3.1.1").protocol),
    ["3.1.1", "mix", "mix"],
  );
  assert.deepEqual([groups("3.1.1", "3.1.1").speaks5, groups("3.1.1", "5").speaks5], [false, true]);
});

Deno.test("groups: a plan finds a group by its name", () => {
  const groups = of([{ name: "a", share: 1 }, { name: "b", share: 1 }, { name: "c", share: 1 }]);
  assert.deepEqual([groups.named(undefined), groups.named(["c", "a"]), groups.named(["b"])], [[0, 1, 2], [0, 2], [1]]);
});
