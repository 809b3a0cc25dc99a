import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import type { ConformanceCase } from "../../src/conformance/case.ts";
import { runConformance } from "../../src/conformance/run_conformance.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { type BrokerMaker, checkInMemory, ourCore } from "../support/checked_broker.ts";
import { tampered } from "../support/tampered_broker.ts";

const reset: ConformanceCase = {
  id: "will/reset",
  title: "a reset sends the will",
  does: "resets and watches",
  rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
  deviations: ["loses-wills"],
  async run(stage) {
    const will = stage.will({ retain: true });
    const watcher = await stage.watcher();
    (await stage.connect({ will, cleanStart: false, sessionExpiryS: 60 })).reset();
    await watcher.receives(will);
  },
};
const isControl = ({ clientId }: { clientId: string }) => /c1x/.test(clientId);
const losing = ourCore({ willFault: { atPublication: (question) => isControl(question) ? undefined : [] } });

Deno.test("check: what passes, and the way it is counted", async () => {
  const result = await checkInMemory(ourCore(), { cases: [reset] });
  assert.deepEqual([result.verdict, result.exitCode, result.reason], ["pass", 0, "all 2 cases passed"]);
  assert.deepEqual(result.counts, { pass: 2, fail: 0, deviation: 0, "not testable": 0 });
  assert.deepEqual(result.controls, [{ protocol: "3.1.1", outcome: "pass" }, { protocol: "5.0", outcome: "pass" }]);
  assert.deepEqual(result.cases.map(({ protocol, rules }) => `${protocol} ${rules}`), ["3.1.1 3.1.2-8", "5.0 3.1.2-8"]);
  assert.ok(result.cases.every(({ transcript }) => transcript === undefined), "only what failed has a transcript");
});

Deno.test("check: what fails says why, and has both directions with times and bytes", async () => {
  const { cases: [result], exitCode } = await checkInMemory(losing, { cases: [reset], protocols: ["5.0"] });
  assert.equal(exitCode, 1);
  assert.match(result!.reason!, /^watcher got no message on mqtt-sim\/.+\/will within 3,000 ms$/);
  const lines = result!.transcript!;
  const connack = lines.find(({ link, direction }) => link === "client" && direction === "<")!;
  assert.match(connack.text, /^CONNACK/);
  assert.match(connack.hex!, /^20 /);
  assert.ok(lines.some(({ direction, text }) => direction === ">" && text.startsWith("SUBSCRIBE")));
  assert.ok(lines.some(({ direction, text }) => direction === "=" && text === "reset by this side"));
  assert.doesNotMatch(JSON.stringify(lines.map(({ text }) => text)), /right/, "no password in words");
});

Deno.test("check: a deviation is of the case and of the profile, and nothing else is", async () => {
  const profile = (...ids: string[]) => ({ name: "some", deviations: ids.map((id) => ({ id })) });
  const outcomes = async (broker: BrokerMaker, ...ids: string[]) => {
    const run = { cases: [reset], protocols: ["5.0"], profile: profile(...ids) } as const;
    const { cases: [result], exitCode } = await checkInMemory(broker, run);
    return [result!.outcome, result!.deviation, exitCode];
  };
  assert.deepEqual(await outcomes(losing, "loses-wills"), ["deviation", "loses-wills", 0]);
  assert.deepEqual(await outcomes(losing, "other"), ["fail", undefined, 1]);
  assert.deepEqual(await outcomes(ourCore(), "loses-wills"), ["pass", "loses-wills", 0]);
});

Deno.test("check: a broker that loses the control's will proves nothing", async () => {
  const result = await checkInMemory(ourCore({ willFault: { atPublication: () => [] } }), { cases: [reset] });
  assert.deepEqual([result.verdict, result.exitCode, result.cases], ["void", 3, []]);
  assert.match(result.reason, /control arm of MQTT 3\.1\.1 failed: the will of a client that was reset did not reach/);
  assert.ok(result.controls[0]!.transcript!.length > 0);
});

Deno.test("check: a broker that passes on nothing proves nothing", async () => {
  const blind = ourCore({ authorize: (_, action) => action === "subscribe" });
  const result = await checkInMemory(blind, { cases: [reset] });
  assert.match(result.reason, /a message that was published did not reach the watcher/);
  assert.equal(result.exitCode, 3);
});

Deno.test("check: a login that is refused proves nothing", async () => {
  const result = await checkInMemory(ourCore(), { cases: [reset], login: { username: "you" } });
  assert.match(result.reason, /the broker refused a CONNECT with 0x04/);
  assert.equal(result.exitCode, 3);
});

Deno.test("check: a version that is not spoken is not testable", async () => {
  const only311 = tampered(() => ({
    fromBroker: (packet, { connect }) =>
      packet.type === "connack" && connect?.protocolVersion === 5 ? [{ ...packet, reasonCode: 0x84 }] : [packet],
  }), { spoilsControl: true });
  const result = await checkInMemory(only311, { cases: [reset] });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["pass", "not testable"]);
  assert.match(result.cases[1]!.reason!, /does not speak this version: the broker refused a CONNECT with 0x84/);
  assert.deepEqual([result.exitCode, result.controls[1]!.outcome], [0, "not spoken"]);
});

Deno.test("check: needs that are not met are told", async () => {
  const needy: ConformanceCase = { ...reset, needs: ["restart"] };
  const result = await checkInMemory(ourCore(), { cases: [needy], protocols: ["5.0"] });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["not testable"]);
  assert.match(result.cases[0]!.reason!, /--restart-command/);
  assert.deepEqual([result.verdict, result.exitCode], ["void", 3]);
  const retained: ConformanceCase = { ...reset, needs: ["retain", "qos2"] };
  const poor = await checkInMemory(ourCore({ retainAvailable: false }), { cases: [retained], protocols: ["5.0"] });
  assert.equal(poor.cases[0]!.reason, "the broker announces Retain Available 0");
});

Deno.test("check: nothing of a case is left on the broker", async () => {
  const seen: string[] = [];
  const looking: ConformanceCase = {
    ...reset,
    async run(stage) {
      const watcher = await stage.watcher("mqtt-sim/#");
      await stage.pause(100);
      await watcher.ping();
      seen.push(...await watcher.receivesNothing().then(() => ["nothing"], (error) => [error.message]));
    },
  };
  const result = await checkInMemory(ourCore(), { cases: [reset, looking], protocols: ["5.0"], parallel: 1 });
  assert.deepEqual(result.warnings, []);
  assert.deepEqual(seen, ["nothing"]);
});

Deno.test("check: an interrupt ends it early", async () => {
  const abort = new AbortController();
  const slow: ConformanceCase = { ...reset, run: (stage) => stage.pause(1_000).then(() => abort.abort()) };
  const result = await checkInMemory(ourCore(), { cases: [slow, reset], parallel: 1 }, { interrupt: abort.signal });
  assert.deepEqual([result.exitCode, result.verdict], [130, "void"]);
  assert.ok(result.cases.length < 4);
});

Deno.test("check: a fault of a case's own is no outcome", async () => {
  const broken: ConformanceCase = { ...reset, run: () => Promise.reject(new TypeError("broken")) };
  await assert.rejects(checkInMemory(ourCore(), { cases: [broken] }), /broken/);
});

Deno.test("check: what is selected", async () => {
  const names = async (run: Parameters<typeof checkInMemory>[1]) => {
    const { cases } = await checkInMemory(ourCore(), run);
    return cases.map(({ id, protocol }) => `${id} ${protocol}`);
  };
  const other: ConformanceCase = { ...reset, id: "will/reset-late", rules: { "5.0": ["3.1.3-9"] }, time: "clock" };
  const cases = [reset, other];
  assert.equal((await names({ cases })).length, 3);
  assert.deepEqual(await names({ cases, quick: true }), ["will/reset 3.1.1", "will/reset 5.0"]);
  assert.deepEqual(await names({ cases, protocols: ["3.1.1"] }), ["will/reset 3.1.1"]);
  assert.deepEqual(await names({ cases, rules: ["3.1.3-9"] }), ["will/reset-late 5.0"]);
  assert.deepEqual(await names({ cases, rules: ["5.0:3.1.2-8"] }), ["will/reset 5.0"]);
  assert.deepEqual(await names({ cases, only: ["will/reset-late"] }), ["will/reset-late 5.0"]);
  assert.equal((await names({ cases, only: ["will"] })).length, 3);
  const target = parseEndpoint("mqtt://nowhere");
  for (const run of [{ only: ["wil"] }, { rules: ["9.9"] }, { rules: ["3.1.3-9"], quick: true }]) {
    await assert.rejects(runConformance({ target, cases, ...run }), UsageError);
  }
});
