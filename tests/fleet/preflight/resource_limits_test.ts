/** The resource limits of a run: open files, source ports and the accept queue, each one too few and just enough. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import type { Notice } from "../../../src/fleet/result/result.ts";
import {
  checkAcceptQueue,
  checkDescriptors,
  checkSourceAddresses,
  checkSourcePorts,
  descriptorNeed,
  shardsThatFit,
  type SystemLimits,
} from "../../../src/fleet/preflight/resource_limits.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import { aPlan } from "../sample_life.ts";

const target = parseEndpoint("mqtt://127.0.0.1:1883");
const resets: Partial<PlanRequest> = { killShares: [{ mode: "reset", weight: 1 }] };
const unread: SystemLimits = { ports: undefined, somaxconn: undefined };

function refusal(action: () => void): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  assert.fail("the plan was not refused");
}

Deno.test("resource limits: count clients, watchers, canaries, threads, and both ends of a link to an embedded broker", () => {
  const need = (request: Partial<PlanRequest>, brokerInProcess = false) =>
    descriptorNeed({ plan: aPlan({ ...resets, clients: 1_000, watchers: 4, ...request }), brokerInProcess });
  const one = need({});
  assert.equal(need({ clients: 1_001 }) - one, 1);
  assert.equal(need({ watchers: 5 }) - one, 2, "the watcher and its control");
  assert.equal(need({ fanOut: 2 }) - one, 4);
  assert.equal(need({ clients: 1_001 }, true) - need({}, true), 2);
  assert.ok(need({ workers: 2 }) - one >= 7, "a thread needs about seven");
  assert.ok(need({ shard: { number: 1, of: 4 } }) < one - 700);
  const takenOver = {
    killShares: [{ mode: "takeover", weight: 1 }],
    phases: [{ kind: "kill", rate: "once" }],
  } as const;
  assert.equal(need(takenOver) - one, 1_000, "a takeover needs two connections");
});

Deno.test("resource limits: with too few open files the message has the need, the limit and a sufficient number of shards", () => {
  const plan = aPlan({ ...resets, clients: 50_000, watchers: 100 });
  const run = { plan, brokerInProcess: false };
  checkDescriptors(run, descriptorNeed(run));
  const shards = shardsThatFit(plan, 20_000)!;
  assert.equal(shards, 3);
  assert.equal(
    refusal(() => checkDescriptors(run, 20_000)),
    "Cannot hold 50,000 clients in this process: 50,340 open files are needed, and its limit leaves 20,000; run 3 " +
      "shards (--shard 1/3 to 3/3), raise the limit (ulimit -n 50404), or ask for fewer clients",
  );
  for (let number = 1; number <= shards; number++) {
    checkDescriptors({ plan: { ...plan, shard: { number, of: shards } }, brokerInProcess: false }, 20_000);
  }
  refusal(() => checkDescriptors({ plan: { ...plan, shard: { number: 2, of: 2 } }, brokerInProcess: false }, 20_000));
  assert.equal(shardsThatFit(plan, 100), undefined, "where not even the watchers fit, shards do not help");
});

Deno.test("resource limits: beside an embedded broker the message advises a separate broker before shards", () => {
  const sentence = (clients: number) =>
    refusal(() => checkDescriptors({ plan: aPlan({ ...resets, clients }), brokerInProcess: true }, 20_000));
  const apart = "start the broker in its own process (mqtt-sim broker), pass its --url, and";
  assert.ok(sentence(15_000).includes(`two for each connection since the broker is in this process`));
  assert.ok(sentence(15_000).includes(`20,000; ${apart} keep the rest, raise`), sentence(15_000));
  assert.ok(sentence(50_000).includes(`20,000; ${apart} run 3 shards`), sentence(50_000));
});

Deno.test("resource limits: source ports come from the system, the option, or the default range with a warning", () => {
  const notices: Notice[] = [];
  const check = (request: Partial<PlanRequest>, ports?: readonly [number, number]) =>
    checkSourcePorts(
      { plan: aPlan({ ...resets, watchers: 1, ...request }), target },
      { ...unread, ports },
      (notice) => notices.push(notice),
    );
  const others = 1 + 1 + 64;
  check({ clients: 1_000 - others }, [40_000, 40_999]);
  assert.equal(
    refusal(() => check({ clients: 1_001 - others }, [40_000, 40_999])),
    "Cannot open 1,001 connections from one source address to 127.0.0.1:1883: 1,000 source ports are available for each " +
      "(ip_local_port_range 40000-40999); name 1 more addresses of this machine, 2 in total (--source-address, for " +
      "example a range), run 2 shards with addresses of their own, or ask for fewer clients",
  );
  check({ clients: 2_000 - others, sourceAddresses: ["127.0.0.2", "127.0.0.3"] }, [40_000, 40_999]);
  assert.match(
    refusal(() => check({ clients: 200, sourcePorts: 100 }, [1, 65_000])),
    /\(--source-ports 100\); name 2 more/,
  );
  assert.equal(notices.length, 0);
  check({ clients: 1_000 });
  assert.equal(notices.length, 0, "no notice far below the limit");
  check({ clients: 20_000 });
  assert.match(notices[0]!.text, /^Source ports: 28,232 for each address are assumed/);
  assert.match(refusal(() => check({ clients: 40_000 })), /28,232 for each address are assumed.* name 1 more/);
});

Deno.test("resource limits: closed connections keep their ports for 60 s, or 1 s where the system may reuse them", () => {
  const closes = {
    killShares: [{ mode: "close" as const, weight: 1 }],
    killRate: { kind: "count" as const, perSecond: 100 },
  };
  const plan = aPlan({ ...closes, clients: 1_000, watchers: 1, durationMs: 60_000 });
  const fits = (url: string, timeWaitReuse: number | undefined) => {
    const limits = { ...unread, ports: [40_000, 41_999] as const, timeWaitReuse };
    try {
      checkSourcePorts({ plan, target: parseEndpoint(url) }, limits, () => {});
      return true;
    } catch {
      return false;
    }
  };
  const [loopback, other] = ["mqtt://127.0.0.1", "mqtt://10.0.0.1"];
  assert.deepEqual([undefined, 0, 1, 2].map((reuse) => fits(other, reuse)), [false, false, true, false]);
  assert.deepEqual([undefined, 0, 1, 2].map((reuse) => fits(loopback, reuse)), [true, false, true, true]);
});

Deno.test("resource limits: warns when simultaneous CONNECTs exceed this machine's accept queue", () => {
  const noticesFor = (connectsUnderWay: number, somaxconn: number | undefined, url = target.url) => {
    const notices: Notice[] = [];
    const run = { plan: aPlan({ connectsUnderWay }), target: parseEndpoint(url) };
    checkAcceptQueue(run, { ...unread, somaxconn }, (notice) => notices.push(notice));
    return notices;
  };
  assert.deepEqual(noticesFor(128, 128), []);
  assert.deepEqual(noticesFor(129, undefined), []);
  assert.deepEqual(noticesFor(129, 128, "mqtt://10.0.0.1"), [], "another machine's queue is not known here");
  assert.deepEqual(noticesFor(5_000, 4_096), [{
    level: "warning",
    text: "--connects-under-way 5,000 is more than an accept queue of this machine holds (net.core.somaxconn 4,096): " +
      "what does not fit is lost, and tried again a second later",
  }]);
});

Deno.test("room: a source address that this machine does not have is refused, and one that it has is not", () => {
  const sourceAddresses = ["127.0.0.1", "192.0.2.1"];
  checkSourceAddresses({ sourceAddresses: ["127.0.0.1"] });
  assert.equal(
    refusal(() => checkSourceAddresses({ sourceAddresses }, (address) => address !== "192.0.2.1")),
    "Cannot use --source-address 192.0.2.1: it is not an address of this machine; expected one of its addresses",
  );
});
