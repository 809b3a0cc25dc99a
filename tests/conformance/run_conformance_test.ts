import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import type { ConformanceCase } from "../../src/conformance/case/case.ts";
import { runConformance } from "../../src/conformance/run_conformance.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { checkText } from "../../src/report/terminal/check_text.ts";
import { makeCheckReport } from "../../src/report/model/check_report.ts";
import { CaseFailure, NotTestable } from "../../src/conformance/model/outcome.ts";
import { type BrokerMaker, checkInMemory, ourCore } from "../support/brokers/checked_broker.ts";
import { tampered } from "../support/brokers/tampered_broker.ts";
import { eachCase } from "../support/steps.ts";

const reset: ConformanceCase = {
  id: "will/reset",
  title: "a reset sends the will",
  does: "resets and watches",
  rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
  deviations: ["loses-wills"],
  async run(context) {
    const will = context.will({ retain: true });
    const watcher = await context.watcher();
    (await context.connect({ will, cleanStart: false, sessionExpiryS: 60 })).reset();
    await watcher.receives(will);
  },
};
const isControl = ({ clientId }: { clientId: string }) => /c1x/.test(clientId);
const losing = ourCore({ willFault: { atPublication: (question) => isControl(question) ? undefined : [] } });

Deno.test("check: counts each passed case", async () => {
  const result = await checkInMemory(ourCore(), { cases: [reset] });
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode, reason: result.reason }, {
    verdict: "pass",
    exitCode: 0,
    reason: "all 2 cases passed",
  });
  assert.deepEqual(result.counts, { pass: 2, fail: 0, deviation: 0, "not testable": 0 });
  assert.deepEqual(result.controls, [{ protocol: "3.1.1", outcome: "pass" }, { protocol: "5.0", outcome: "pass" }]);
  assert.deepEqual(result.cases.map(({ protocol, rules }) => `${protocol} ${rules}`), ["3.1.1 3.1.2-8", "5.0 3.1.2-8"]);
  assert.ok(result.cases.every(({ transcript }) => transcript === undefined), "only a failure has a transcript");
});

Deno.test("check: a failure has a reason and a transcript of both directions with times and bytes", async () => {
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

Deno.test("check: a deviation needs both the case and the profile", async () => {
  const shows = [{ fault: "missing" }] as const;
  const profile = (...ids: string[]) => ({ name: "some", deviations: ids.map((id) => ({ id, shows })) });
  const outcomes = async (broker: BrokerMaker, ...ids: string[]) => {
    const run = { cases: [reset], protocols: ["5.0"], profile: profile(...ids) } as const;
    const { cases: [result], exitCode } = await checkInMemory(broker, run);
    return [result!.outcome, result!.deviation, exitCode];
  };
  assert.deepEqual(await outcomes(losing, "loses-wills"), ["deviation", "loses-wills", 0]);
  assert.deepEqual(await outcomes(losing, "other"), ["fail", undefined, 1]);
  assert.deepEqual(await outcomes(ourCore(), "loses-wills"), ["pass", "loses-wills", 0]);
});

Deno.test("check: a broker without wills runs all cases and fails with exit code 1, and is not void", async () => {
  const other: ConformanceCase = {
    ...reset,
    id: "connect/ping",
    run: async (context) => (await context.connect()).ping(),
  };
  const noWills = ourCore({ willFault: { atPublication: () => [] } });
  const result = await checkInMemory(noWills, { cases: [reset, other] });
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
  assert.match(result.reason, /^in MQTT 3\.1\.1 the will of a client that was reset did not reach the watcher: /);
  assert.match(result.reason, /; 2 of 4 cases failed$/);
  assert.deepEqual(result.controls.map(({ outcome }) => outcome), ["fail", "fail"]);
  assert.deepEqual(result.counts, { pass: 2, fail: 2, deviation: 0, "not testable": 0 });
  assert.ok(result.controls[0]!.transcript!.length > 0);
  const only = await checkInMemory(noWills, { cases: [other] });
  assert.deepEqual(
    { verdict: only.verdict, exitCode: only.exitCode },
    { verdict: "fail", exitCode: 1 },
    "also where no case is about wills",
  );
});

Deno.test("F3, M5: a control arm that fails in 5.0 does not stop the judgement of 3.1.1", async () => {
  const refusing = (fault: boolean) =>
    tampered(() => ({
      ...fault && { core: { willFault: { atPublication: (question) => isControl(question) ? undefined : [] } } },
      fromBroker: (packet, { connect }) =>
        packet.type === "suback" && connect?.protocolVersion === 5 ? [{ ...packet, reasonCodes: [0x87] }] : [packet],
    }), { spoilsControl: true });
  const sound = await checkInMemory(refusing(false), { cases: [reset] });
  assert.deepEqual(sound.cases.map(({ outcome }) => outcome), ["pass", "not testable"]);
  assert.match(
    sound.cases[1]!.reason!,
    /^the control arm of this version proves nothing: the subscription to .* 0x87$/,
  );
  assert.deepEqual({ verdict: sound.verdict, exitCode: sound.exitCode }, { verdict: "void", exitCode: 3 });
  assert.match(sound.reason, /control arm of MQTT 5\.0 failed: .*; otherwise all 1 cases passed/);
  const faulty = await checkInMemory(refusing(true), { cases: [reset] });
  assert.deepEqual(faulty.cases.map(({ outcome }) => outcome), ["fail", "not testable"]);
  assert.deepEqual(
    { verdict: faulty.verdict, exitCode: faulty.exitCode },
    { verdict: "fail", exitCode: 1 },
    "what is proved takes precedence",
  );
});

Deno.test("check: a broker that forwards no message proves nothing", async () => {
  const blind = ourCore({ authorize: (_, action) => action === "subscribe" });
  const result = await checkInMemory(blind, { cases: [reset] });
  assert.match(result.reason, /a message that was published did not reach the watcher/);
  assert.equal(result.exitCode, 3);
});

Deno.test("check: a refused login proves nothing", async () => {
  const result = await checkInMemory(ourCore(), { cases: [reset], login: { username: "you" } });
  assert.equal(result.reason, "the broker refused a CONNECT with 0x04; use --username and --password-file");
  assert.equal(result.exitCode, 3);
});

Deno.test("check: an unsupported version is not testable", async () => {
  const only311 = tampered(() => ({
    fromBroker: (packet, { connect }) =>
      packet.type === "connack" && connect?.protocolVersion === 5 ? [{ ...packet, reasonCode: 0x84 }] : [packet],
  }), { spoilsControl: true });
  const result = await checkInMemory(only311, { cases: [reset] });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["pass", "not testable"]);
  assert.match(result.cases[1]!.reason!, /does not support this version: the broker refused a CONNECT with 0x84/);
  assert.deepEqual({ exitCode: result.exitCode, outcome: result.controls[1]!.outcome }, {
    exitCode: 0,
    outcome: "not spoken",
  });
});

Deno.test("check: a 3.1.1 CONNACK that refuses the level of 5.0 is no malformed 5.0 packet", async () => {
  const only311 = tampered(() => ({
    fromBroker: (packet, { connect }) =>
      packet.type === "connack" && connect?.protocolVersion === 5 ? [Uint8Array.of(0x20, 2, 0, 1)] : [packet],
  }), { spoilsControl: true });
  const result = await checkInMemory(only311, { cases: [reset] });
  assert.deepEqual(result.cases.map(({ id, outcome }) => `${id} ${outcome}`), [
    `${reset.id} pass`,
    `${reset.id} not testable`,
  ]);
  assert.deepEqual({ exitCode: result.exitCode, outcome: result.controls[1]!.outcome }, {
    exitCode: 0,
    outcome: "not spoken",
  });
});

Deno.test("check: reports the unmet needs of a case", async () => {
  const needy: ConformanceCase = { ...reset, needs: ["restart"] };
  const result = await checkInMemory(ourCore(), { cases: [needy], protocols: ["5.0"] });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["not testable"]);
  assert.match(result.cases[0]!.reason!, /--restart-command/);
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  const retained: ConformanceCase = { ...reset, needs: ["retain", "qos2"] };
  const poor = await checkInMemory(ourCore({ retainAvailable: false }), { cases: [retained], protocols: ["5.0"] });
  assert.equal(poor.cases[0]!.reason, "the broker announces Retain Available 0");
});

Deno.test("check: a case leaves no state on the broker", async () => {
  const seen: string[] = [];
  const looking: ConformanceCase = {
    ...reset,
    async run(context) {
      const watcher = await context.watcher("mqtt-sim/#");
      await context.pause(100);
      await watcher.ping();
      seen.push(...await watcher.receivesNothing().then(() => ["nothing"], (error) => [error.message]));
    },
  };
  const result = await checkInMemory(ourCore(), { cases: [reset, looking], protocols: ["5.0"], parallel: 1 });
  assert.deepEqual(result.warnings, []);
  assert.deepEqual(seen, ["nothing"]);
});

Deno.test("check: an interrupt ends the check early", async () => {
  const abort = new AbortController();
  const slow: ConformanceCase = { ...reset, run: (context) => context.pause(1_000).then(() => abort.abort()) };
  const result = await checkInMemory(ourCore(), { cases: [slow, reset], parallel: 1 }, { interrupt: abort.signal });
  assert.deepEqual({ exitCode: result.exitCode, verdict: result.verdict }, { exitCode: 130, verdict: "void" });
  assert.ok(result.cases.length < 4);
});

Deno.test("check: an internal error of a case is no outcome", async () => {
  const broken: ConformanceCase = { ...reset, run: () => Promise.reject(new TypeError("broken")) };
  await assert.rejects(checkInMemory(ourCore(), { cases: [broken] }), /broken/);
});

Deno.test("check: selects cases by id and area", async (t) => {
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
  assert.equal((await names({ cases, only: ["wil"] })).length, 3, "ids with this start");
  assert.deepEqual(await names({ cases, only: ["will/reset-l"] }), ["will/reset-late 5.0"]);
  await eachCase(
    t,
    [{ only: ["will/to"] }, { only: [""] }, { rules: ["9.9"] }, { rules: ["3.1.3-9"], quick: true }],
    async (run) => {
      await assert.rejects(runConformance({ target, cases, ...run }), UsageError);
    },
  );
});

Deno.test("check: cases with a restart share it when all are ready, and one that fails earlier delays none", async () => {
  const log: string[] = [];
  const restarting = (name: string, prepareMs: number): ConformanceCase => ({
    ...reset,
    id: `will/${name}`,
    needs: ["restart"],
    async run(context) {
      await context.pause(prepareMs);
      if (name === "poor") throw new CaseFailure("not even that");
      log.push(`${name} ready`);
      await context.restart(() => void log.push(`${name} lastly`));
      log.push(`${name} looks`);
    },
  });
  const cases = [restarting("slow", 2_000), restarting("poor", 500), restarting("quick", 10)];
  const restart = () => Promise.resolve(void log.push("restart"));
  const run = { cases, protocols: ["5.0"] } as const;
  const result = await checkInMemory(ourCore(), run, { restart });
  assert.deepEqual(log.slice(0, 2), ["quick ready", "slow ready"]);
  assert.deepEqual(log.slice(2, 4).toSorted(), ["quick lastly", "slow lastly"]);
  assert.equal(log[4], "restart");
  assert.deepEqual(log.slice(5).toSorted(), ["quick looks", "slow looks"]);
  assert.deepEqual(result.cases.map(({ id, outcome }) => `${id} ${outcome}`), [
    "will/slow pass",
    "will/poor fail",
    "will/quick pass",
  ]);
  log.length = 0;
  await checkInMemory(ourCore(), { ...run, parallel: 1 }, { restart });
  assert.equal(log.filter((line) => line === "restart").length, 2, "one at a time, each has its own");
});

Deno.test("check: each case that shares a failed restart reports it", async () => {
  const cases = ["one", "other"].map((name): ConformanceCase => ({
    ...reset,
    id: `will/${name}`,
    needs: ["restart"],
    run: (context) => context.restart(),
  }));
  const restart = () => Promise.reject(new NotTestable("the machine refuses"));
  const result = await checkInMemory(ourCore(), { cases, protocols: ["5.0"] }, { restart });
  assert.deepEqual(result.cases.map(({ outcome, reason }) => `${outcome}: ${reason}`), [
    "not testable: the machine refuses",
    "not testable: the machine refuses",
  ]);
});

/** A process that blocks once, at `atMs`, for `forMs`. */
function standingStill(maker: BrokerMaker, atMs: number, forMs: number): BrokerMaker {
  return (clock, later) => {
    const broker = maker(clock, later);
    let stood = false;
    return {
      get nextMs() {
        return broker.nextMs;
      },
      accept: (link) => broker.accept(link),
      turn(nowMs) {
        if (!stood && nowMs >= atMs) {
          stood = true;
          clock.advance(forMs);
        }
        broker.turn(clock.nowMs());
      },
    };
  };
}

/** A case that fails 1 s after its start, in its first `times` runs. */
function failing(times: number): ConformanceCase {
  return {
    ...reset,
    async run(context) {
      await context.pause(1_000);
      if (times-- > 0) throw new CaseFailure("nothing came");
    },
  };
}

Deno.test("check: repeats a case once, alone, when it failed while this process was late, and reports it", async () => {
  const late = standingStill(ourCore(), 500, 650);
  const run = { protocols: ["5.0"] } as const;
  const counted: string[] = [];
  const onCase = ({ outcome }: { outcome: string }, done: number) => counted.push(`${done} ${outcome}`);
  const result = await checkInMemory(late, { ...run, cases: [failing(1)] }, { onCase });
  const [one] = result.cases;
  assert.deepEqual({ exitCode: result.exitCode, outcome: one!.outcome, reason: one!.again!.reason }, {
    exitCode: 0,
    outcome: "pass",
    reason: "nothing came",
  });
  assert.ok(one!.again!.lateMs > 500 && one!.again!.lateMs <= 650, `${one!.again!.lateMs} ms`);
  assert.deepEqual(counted, ["1 pass"]);
  assert.match(result.warnings[0]!, /^this process was up to 6\d\d ms late, and its limit is 200 ms: /);
  const text = checkText(makeCheckReport(result, { name: "mqtt-sim", version: "0" }, true), {
    width: 400,
    verbose: true,
  });
  assert.match(
    text,
    /^will\/reset in 5\.0 failed while this process was 6\d\d ms late \(nothing came\), ran again, /m,
  );
  const twice = await checkInMemory(late, { ...run, cases: [failing(2)] });
  assert.deepEqual(
    { exitCode: twice.exitCode, outcome: twice.cases[0]!.outcome },
    { exitCode: 1, outcome: "fail" },
    "once, not until it passes",
  );
  assert.equal(twice.cases[0]!.again!.reason, "nothing came");
});

Deno.test("F2: check repeats a case once, alone, when it failed beside other cases; only the repetition counts", async () => {
  let running = 0;
  const lonely: ConformanceCase = {
    ...reset,
    id: "will/lonely",
    async run(context) {
      running++;
      await context.pause(100);
      const beside = running - 1;
      await context.pause(100);
      running--;
      context.holds(beside === 0, `${beside} other case ran`);
    },
  };
  const run = { protocols: ["5.0"], cases: [lonely, { ...lonely, id: "will/lonely-too" }] } as const;
  const result = await checkInMemory(ourCore(), run);
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["pass", "pass"]);
  assert.deepEqual(result.cases[0]!.again, { reason: "1 other case ran", lateMs: 0 });
  const text = checkText(makeCheckReport(result, { name: "mqtt-sim", version: "0" }, true), {
    width: 400,
    verbose: true,
  });
  assert.match(
    text,
    /^will\/lonely in 5\.0 failed while other cases ran \(1 other case ran\), ran again, alone; /m,
  );
  const always: ConformanceCase = { ...reset, run: (context) => Promise.resolve(context.holds(false, "always")) };
  const twice = await checkInMemory(ourCore(), { protocols: ["5.0"], cases: [always] });
  assert.deepEqual(
    { exitCode: twice.exitCode, again: twice.cases[0]!.again },
    { exitCode: 1, again: undefined },
    "a repeated failure has no remark",
  );
});

Deno.test("check: with one case at a time, check does not repeat a failure on time or a late pass", async () => {
  const alone = { protocols: ["5.0"], parallel: 1 } as const;
  const onTime = await checkInMemory(ourCore(), { ...alone, cases: [failing(1)] });
  assert.deepEqual({ exitCode: onTime.exitCode, again: onTime.cases[0]!.again, warnings: onTime.warnings }, {
    exitCode: 1,
    again: undefined,
    warnings: [],
  });
  const little = await checkInMemory(standingStill(ourCore(), 500, 150), { ...alone, cases: [failing(1)] });
  assert.deepEqual({ exitCode: little.exitCode, again: little.cases[0]!.again, warnings: little.warnings }, {
    exitCode: 1,
    again: undefined,
    warnings: [],
  });
  const passes = await checkInMemory(standingStill(ourCore(), 500, 650), { protocols: ["5.0"], cases: [failing(0)] });
  assert.deepEqual({ exitCode: passes.exitCode, again: passes.cases[0]!.again, warnings: passes.warnings.length }, {
    exitCode: 0,
    again: undefined,
    warnings: 1,
  });
});
