/**
 * Faults of a broker that check reports once, separately from the cases that revealed them: invalid packet contents, a
 * malformed CONNACK, Session Present on a clean start, and a crash of the broker.
 */
import assert from "node:assert/strict";
import type { ConformanceCase } from "../../src/conformance/case/case.ts";
import { catalog } from "../../src/conformance/catalog.ts";
import type { ConformanceResult } from "../../src/conformance/case/result.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { type BrokerMaker, checkInMemory, ourCore } from "../support/brokers/checked_broker.ts";
import { type Tamper, tampered, type TamperedLink } from "../support/brokers/tampered_broker.ts";
import { saysDisconnect } from "./cases/disconnect_faults.ts";
import { profileOf } from "../../src/profiles/profiles.ts";
import { changesReceived } from "./packet_changes.ts";
import { eachCase } from "../support/steps.ts";

/** Cases of the catalog by their ids. */
function casesOf(...ids: readonly ConformanceCase["id"][]): ConformanceCase[] {
  const found = catalog.filter(({ id }) => ids.includes(id));
  assert.equal(found.length, ids.length);
  return found;
}

/** Each entry of a report in one line. */
function lines({ cases }: ConformanceResult): string[] {
  return cases.map(({ id, protocol, outcome, rules, reason = "" }) =>
    `${id} ${protocol} ${outcome} [${rules.join(" ")}] ${reason}`.trim()
  );
}

const spoiling = (fromBroker: NonNullable<Tamper["fromBroker"]>): BrokerMaker =>
  tampered(() => ({ fromBroker }), { spoilsControl: true });

Deno.test("F4: a DISCONNECT to a 3.1.1 client, after the correct action, fails only its own rule", async (t) => {
  await eachCase(t, [[0xe0, 0x00], [0xe0, 0x02, 0x8e, 0x00]], async (bytes) => {
    const cases = casesOf("will/second-connect", "will/garbage-type-0", "connect/reserved-flag");
    const result = await checkInMemory(tampered(saysDisconnect(bytes)), { cases, protocols: ["3.1.1"] });
    const [fault, ...others] = lines(result).filter((line) => !line.includes(" pass "));
    assert.deepEqual(others, []);
    assert.match(
      fault!,
      /^broker\/disconnect 3\.1\.1 fail \[3\.14\] the broker sent a DISCONNECT to a client of MQTT 3\.1\.1, 3 times, in 3 cases, /,
    );
    assert.equal(result.cases.at(-1)!.seenIn!.length, 3);
    assert.ok(result.cases.at(-1)!.transcript!.length > 0);
    assert.deepEqual({ exitCode: result.exitCode, reason: result.reason }, {
      exitCode: 1,
      reason: "1 of 4 cases failed",
    });
  });
});

Deno.test("F4: a 3.1.1 CONNACK with a 5.0 code counts as a refusal, and its code is a separate fault", async () => {
  const broker = tampered(() => ({
    fromBroker: (packet, { connect }) =>
      packet.type === "connack" && packet.reasonCode !== 0 && connect?.protocolVersion === 4
        ? [Uint8Array.of(0x20, 2, 0, 0x85)]
        : [packet],
  }));
  const cases = casesOf("will/refused-login", "connect/wrong-password");
  const result = await checkInMemory(broker, { cases, protocols: ["3.1.1"] });
  assert.deepEqual(lines(result).slice(0, 2).map((line) => line.split(" ")[2]), ["pass", "pass"]);
  assert.match(
    lines(result)[2]!,
    /^broker\/connack-code-0x85 3\.1\.1 fail \[3\.2\.2\.3\] .* 0x85, .* \d times, in 2 cases/,
  );
});

Deno.test("M4: check reports a will with Will Delay Interval in its PUBLISH once, and judges its time", async () => {
  /** Publishes each will at once or after its delay, with property 0x18 before the other properties. */
  const broker = (delayed: boolean) =>
    tampered(() => ({
      core: delayed ? {} : { willFault: { atRelease: (_, decision) => decision === "delay" } },
      fromBroker(packet, { connect }) {
        if (packet.type !== "publish" || connect?.protocolVersion !== 5) return [packet];
        return [strayProperty(packet)];
      },
    }));
  const cases = casesOf("will/delay-1-session-60", "will/delay-2-session-60", "will/reset");
  const kept = await checkInMemory(broker(true), { cases, protocols: ["5.0"] });
  assert.deepEqual(lines(kept).slice(0, -1).map((line) => line.split(" ")[2]), ["pass", "pass", "pass"]);
  assert.match(
    lines(kept).at(-1)!,
    /^broker\/publish-will-delay-interval 5\.0 fail .* Will Delay Interval \(0x18\), .*, 3 times, in 3 cases, /,
  );
  const early = await checkInMemory(broker(false), { cases, protocols: ["5.0"] });
  const outcomes = early.cases.map(({ outcome, fault }) => `${outcome} ${fault?.kind ?? ""}`.trim());
  assert.deepEqual(outcomes, ["pass", "fail early", "fail early", "fail other"]);
});

/** A PUBLISH with Will Delay Interval 3 s, a property that only CONNECT may have. */
function strayProperty(packet: Packet & { readonly type: "publish" }): Uint8Array {
  const topic = new TextEncoder().encode(packet.topic);
  const id = packet.packetId === undefined ? [] : [packet.packetId >> 8, packet.packetId & 0xff];
  const body = [topic.length >> 8, topic.length & 0xff, ...topic, ...id, 5, 0x18, 0, 0, 0, 3, ...packet.payload];
  return Uint8Array.of(0x30 | packet.qos << 1 | Number(packet.retain), body.length, ...body);
}

Deno.test("F8: a side fault is a deviation only under the profile that describes it", async () => {
  const broker = tampered(saysDisconnect([0xe0, 0x00]));
  const cases = casesOf("will/second-connect");
  const outcomes = async (name: string) => {
    const run = { cases, protocols: ["3.1.1"], profile: profileOf(name)! } as const;
    const result = await checkInMemory(broker, run);
    return [result.exitCode, ...result.cases.map(({ outcome, deviation }) => `${outcome} ${deviation ?? ""}`.trim())];
  };
  assert.deepEqual(await outcomes("nanomq"), [0, "pass", "deviation disconnect-in-311"]);
  assert.deepEqual((await outcomes("mochi")).at(-1), "fail");
});

Deno.test("check: an unreadable packet makes a case not testable, and is the only fault", async () => {
  const broker = tampered(() => ({
    fromBroker: (packet) => packet.type === "suback" ? [Uint8Array.of(0x90, 2, 0, 1)] : [packet],
  }));
  const cases = casesOf("will/reset", "will/close", "keep-alive/ping");
  const result = await checkInMemory(broker, { cases, protocols: ["5.0"] });
  assert.deepEqual(result.counts, { pass: 1, fail: 1, deviation: 0, "not testable": 2 });
  assert.match(lines(result).at(-1)!, /^broker\/malformed-suback 5\.0 fail \[4\.13\.1-1\] .*, 2 times, in 2 cases, /);
  assert.equal(result.exitCode, 1);
});

Deno.test("check: reports Session Present 1 on a clean start once, under 3.2.2-4, and fails no other case", async () => {
  const broker = spoiling((packet, { connect }) =>
    packet.type === "connack" && connect?.protocolVersion === 5 ? [{ ...packet, sessionPresent: true }] : [packet]
  );
  const result = await checkInMemory(broker, { cases: casesOf("will/reset", "will/close"), protocols: ["5.0"] });
  const failed = lines(result).filter((line) => line.includes(" fail "));
  assert.equal(failed.length, 1);
  assert.match(
    failed[0]!,
    /^broker\/session-present 5\.0 fail \[3\.2\.2-2 3\.2\.2-4\] the broker answered a CONNECT with clean start/,
  );
  assert.deepEqual(result.counts, { pass: 2, fail: 1, deviation: 0, "not testable": 0 });
});

Deno.test("check: reports a malformed CONNACK of 5.0 as such, and judges 3.1.1", async () => {
  /** Maximum QoS 2 is an invalid value of the property. */
  const broker = spoiling((packet, { connect }) =>
    packet.type === "connack" && connect?.protocolVersion === 5 ? [Uint8Array.of(0x20, 5, 0, 0, 2, 0x24, 2)] : [packet]
  );
  const result = await checkInMemory(broker, { cases: casesOf("will/reset") });
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
  assert.match(result.reason, /^in MQTT 5\.0 the broker answered CONNECT with a malformed CONNACK \(CONNACK: /);
  assert.deepEqual(result.controls.map(({ outcome }) => outcome), ["pass", "fail"]);
  assert.deepEqual(result.cases.slice(0, 2).map(({ outcome }) => outcome), ["pass", "not testable"]);
  assert.match(result.cases[1]!.reason!, /^the broker answered CONNECT with a malformed CONNACK/);
  const level = spoiling((packet, { connect }) =>
    packet.type === "connack" && connect?.protocolVersion === 5 ? [Uint8Array.of(0x20, 2, 0, 1)] : [packet]
  );
  const only311 = await checkInMemory(level, { cases: casesOf("will/reset") });
  assert.deepEqual(only311.controls.map(({ outcome }) => outcome), ["pass", "not spoken"], "the form of 3.1.1");
  assert.equal(only311.exitCode, 0);
});

/** A broker that a client's message ends after `afterMs`, with every connection; it returns after `downMs`. */
function mortal(downMs: number, diesOf: (text: string, link: TamperedLink) => boolean, afterMs = 0): BrokerMaker {
  return (clock, later) => {
    let downUntilMs = -Infinity;
    const broker = tampered(() => ({
      fromClient(bytes, link) {
        if (!diesOf(new TextDecoder().decode(bytes), link)) return bytes;
        const dies = () => {
          downUntilMs = clock.nowMs() + downMs;
          for (const each of [link, ...link.others]) each.closeClient();
        };
        if (afterMs === 0) dies();
        else link.after(afterMs, dies);
        return afterMs === 0 ? undefined : bytes;
      },
    }))(clock, later);
    return {
      get nextMs() {
        return broker.nextMs;
      },
      get isDown() {
        return clock.nowMs() < downUntilMs;
      },
      turn: (nowMs) => broker.turn(nowMs),
      accept: (link) => broker.accept(link),
    };
  };
}

/** A case that ends a mortal broker. */
const poisoned: ConformanceCase = {
  id: "publish/poison",
  title: "a message is taken",
  does: "publishes it, and pings",
  rules: { "5.0": ["3.3.4-1"] },
  async run(context) {
    await context.pause(300);
    const client = await context.connect();
    await client.publish({ ...context.message({ qos: 0 }), payload: new TextEncoder().encode("poison") });
    await client.ping();
  },
};
const beside = casesOf("will/reset", "will/close", "will/removed", "session/waiting-message", "keep-alive/ping");

Deno.test("F12: a broker that crashes in a case and returns is one failure, which names the case", async (t) => {
  await eachCase(t, [100, 2_000], async (downMs) => {
    // One run for each duration of the outage.
    // deno-lint-ignore no-await-in-loop
    const result = await checkInMemory(mortal(downMs, (text) => text.includes("poison")), {
      cases: [...beside, poisoned],
      protocols: ["5.0"],
    });
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
    const failed = lines(result).filter((line) => line.includes(" fail "));
    assert.deepEqual(failed, [
      "broker/unavailable 5.0 fail [] the broker became unavailable during publish/poison in 5.0",
    ]);
    assert.equal(result.counts.pass, beside.length, "the check goes on");
    const victim = result.cases.find(({ id }) => id === "publish/poison")!;
    assert.equal(`${victim.outcome}: ${victim.reason}`, "not testable: the broker became unavailable during this case");
    assert.match(result.reason, /^the broker became unavailable during publish\/poison in 5\.0; 1 of 6 cases failed, /);
  });
});

for (const [parallel, downMs] of [[1, 500], [2, 500], [40, 500], [40, 100]] as const) {
  const how = `${parallel} at a time, back after ${downMs} ms`;
  Deno.test(`F12: check names the case that ends the broker 100 ms later, ${how}`, async () => {
    const broker = mortal(downMs, (text) => text.includes("poison"), 100);
    const cases = [poisoned, ...beside];
    const result = await checkInMemory(broker, { cases, protocols: ["5.0"], parallel });
    assert.deepEqual(lines(result).filter((line) => line.includes(" fail ")), [
      "broker/unavailable 5.0 fail [] the broker became unavailable during publish/poison in 5.0",
    ]);
    assert.equal(result.counts.pass, beside.length);
  });
}

Deno.test("F12: a broker that does not return ends the check, with the running cases in the one failure", async () => {
  const result = await checkInMemory(mortal(Infinity, (text) => text.includes("poison")), {
    cases: [...beside, poisoned],
    protocols: ["5.0"],
    parallel: 2,
  });
  const failed = lines(result).filter((line) => line.includes(" fail "));
  assert.equal(failed.length, 1);
  assert.match(failed[0]!, /^broker\/unavailable .*publish\/poison in 5\.0.*, and did not recover$/);
  assert.ok(result.counts.pass > 0, "what was judged before stays");
  assert.equal(result.cases.length, beside.length + 2, "no case is left out of the report");
  assert.equal(result.exitCode, 1);
});

Deno.test("F12: a single crash that no case repeats is reported with the cases that ran", async () => {
  let isFirst = true;
  const once = mortal(500, (text) => text.includes("poison") && isFirst && !(isFirst = false));
  const result = await checkInMemory(once, { cases: [...beside, poisoned], protocols: ["5.0"] });
  const [fault] = result.cases.filter(({ outcome }) => outcome === "fail");
  assert.match(
    fault!.reason!,
    /^the broker became unavailable while \d cases ran: .*, and none of them causes it alone$/,
  );
  assert.equal(result.counts.pass, beside.length + 1, "each was run again, and passed");
});

/** Limits session expiry to `mostS`, which CONNACK announces if `announces` is true. */
function capped(mostS: number, announces: boolean): BrokerMaker {
  const cap = changesReceived("connect", (packet) => {
    const { sessionExpiryIntervalS = 0 } = packet.properties ?? {};
    if (sessionExpiryIntervalS <= mostS) return packet;
    return { ...packet, properties: { ...packet.properties, sessionExpiryIntervalS: mostS } };
  })();
  return tampered(() => ({
    ...cap,
    fromBroker(packet, { connect }) {
      const { sessionExpiryIntervalS = 0 } = connect?.properties ?? {};
      if (!announces || packet.type !== "connack" || sessionExpiryIntervalS <= mostS) return [packet];
      return [{ ...packet, properties: { ...packet.properties, sessionExpiryIntervalS: mostS } }];
    },
  }));
}

for (const mostS of [1, 2, 5]) {
  Deno.test(`check: where the server announces a session expiry of ${mostS} s, wills are due then, and no case fails`, async () => {
    // The answer to an unknown protocol level has the form of 3.1.1, which the tampering filter cannot read.
    const cases = catalog.filter(({ id }) => /^(will|session)\//.test(id) && id !== "will/refused-level");
    const result = await checkInMemory(capped(mostS, true), { cases, protocols: ["5.0"] });
    assert.deepEqual(lines(result).filter((line) => line.includes(" fail ")), []);
    assert.ok(result.counts.pass > 100, `${result.counts.pass} cases passed`);
  });
}

Deno.test("check: a server that shortens session expiry without an announcement sends wills early", async () => {
  const cases = casesOf("will/delay-2-session-60", "will/delay-1-session-60");
  const result = await checkInMemory(capped(1, false), { cases, protocols: ["5.0"] });
  assert.deepEqual(result.cases.map(({ id, outcome, fault }) => `${id} ${outcome} ${fault?.kind ?? ""}`.trim()), [
    "will/delay-1-session-60 pass",
    "will/delay-2-session-60 fail early",
  ]);
});

Deno.test("check: a client stays connected with a short server keep alive in a case on another subject", async () => {
  const silent: ConformanceCase = {
    ...poisoned,
    async run(context) {
      const client = await context.connect();
      await client.silence(4_000);
      await client.ping();
    },
  };
  const result = await checkInMemory(ourCore({ serverKeepAliveS: 1 }), { cases: [silent] });
  assert.deepEqual(lines(result).map((line) => line.split(" ")[2]), ["pass"], lines(result).join());
  const asking: ConformanceCase = {
    ...silent,
    run: async (context) => void await (await context.connect({ keepAliveS: 1 })).expectClose(),
  };
  const asked = await checkInMemory(ourCore({ serverKeepAliveS: 1 }), { cases: [asking] });
  assert.equal(asked.cases[0]!.outcome, "pass", "a case about keep alive is left to itself");
});

Deno.test("F11: check sends no packet that the broker announces not to accept", async () => {
  const small = ourCore({ limits: { maximumPacketSizeBytes: 256 } });
  const cases = casesOf("properties/correlation-data", "limits/maximum-packet-size", "will/correlation-data");
  const result = await checkInMemory(small, { cases, protocols: ["5.0"] });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), Array(3).fill("not testable"));
  for (const { reason } of result.cases) assert.match(reason!, /Maximum Packet Size/);
  const sized = await checkInMemory(ourCore({ limits: { receiveMaximum: 1 } }), {
    cases: [{
      ...poisoned,
      async run(context) {
        const client = await context.connect();
        const message = { type: "publish", dup: false, ...context.message({ qos: 1 }) } as const;
        client.send({ ...message, packetId: 1 }, { ...message, packetId: 2 });
        await client.ping();
      },
    }],
  });
  assert.match(sized.cases[0]!.reason!, /^the broker announces Receive Maximum 1, and the case sends 2 messages/);
});

Deno.test("check: connects again to a broker that refuses every other CONNECT for load, and fails no case", async (t) => {
  await eachCase(t, ["3.1.1", "5.0"] as const, async (protocol) => {
    let count = 0;
    const busy = tampered(() => ({
      fromClient(bytes, link) {
        if (bytes[0] !== 0x10 || count++ % 2 > 0) return bytes;
        const reasonCode = protocol === "5.0" ? 0x9f : 3;
        link.toClient({ type: "connack", sessionPresent: false, reasonCode });
        link.closeClient();
        return undefined;
      },
    }));
    // deno-lint-ignore no-await-in-loop
    const result = await checkInMemory(busy, { cases: casesOf("will/reset", "will/close"), protocols: [protocol] });
    assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["pass", "pass"]);
    assert.match(result.cases[0]!.notes[0]!, /was accepted at attempt \d$/);
  });
});

Deno.test("check: repeated refusals for load leave cases not testable, with the broker's reason", async () => {
  const full = tampered(() => ({
    fromBroker: (packet) => packet.type === "connack" ? [{ ...packet, reasonCode: 0x97 }] : [packet],
  }));
  const cases = casesOf("will/reset", "will/empty-id");
  const result = await checkInMemory(full, { cases, protocols: ["5.0"] });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome), ["not testable", "not testable"]);
  for (const { reason } of result.cases) assert.match(reason!, /because of its load: CONNACK 0x97 \(Quota exceeded\)/);
});
