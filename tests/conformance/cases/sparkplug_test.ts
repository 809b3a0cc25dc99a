/**
 * The cases on Sparkplug: our broker is compliant and not aware; a broker that stores certificates is aware; and each
 * case detects a fault.
 */
import assert from "node:assert/strict";
import { protocols } from "../../../src/conformance/model/protocol.ts";
import type { CaseResult } from "../../../src/conformance/case/result.ts";
import { allCases, catalog, sparkplugCases } from "../../../src/conformance/catalog.ts";
import { selectCases } from "../../../src/conformance/check/select.ts";
import { caseRulesText } from "../../../src/report/model/check_report.ts";
import { certificateTopic } from "../../../src/mqtt/sparkplug/topic.ts";
import { wallTime } from "../../../src/base/clock.ts";
import { decodePayload, encodePayload, loadSparkplug } from "../../../src/mqtt/sparkplug/payload.ts";
import { checkInMemory, ourCore } from "../../support/brokers/checked_broker.ts";
import { type Tamper, tampered, type TamperedLink } from "../../support/brokers/tampered_broker.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";
import type { Fault, Proof } from "../proof.ts";
import { hidesRetain, retainsNothing } from "./retained_faults.ts";
import {
  changesPayloads,
  losesWills,
  lowersWillQos,
  repeatsWills,
  retainsEveryWill,
  retainsNoWill,
} from "./will_faults.ts";

await loadSparkplug();

const outcomesOf = (cases: readonly CaseResult[]) =>
  Object.fromEntries(cases.map(({ id, protocol, outcome }) => [`${id} in ${protocol}`, outcome]));

Deno.test("sparkplug cases: our broker is compliant; that it is not aware is no failure", async () => {
  const { cases, verdict, reason } = await checkInMemory(ourCore(), { only: ["sparkplug"] });
  assert.equal(cases.length, 2 * sparkplugCases.length);
  for (const { id, outcome, reason } of cases) {
    assert.equal(outcome, id.startsWith("sparkplug/aware-") ? "not testable" : "pass", `${id}: ${reason}`);
  }
  assert.equal(verdict, "pass", reason);
  const aware = cases.filter(({ id }) => id === "sparkplug/aware-nbirth");
  for (const { reason } of aware) assert.match(reason!, /^the broker is not Sparkplug Aware: it keeps no NBIRTH/);
});

Deno.test("sparkplug cases: they run only where the selection names them", () => {
  const ids = (selection: Parameters<typeof selectCases>[1]) =>
    selectCases(allCases, selection).map(({ one }) => one.id);
  const isSparkplug = (id: string) => id.startsWith("sparkplug/");
  assert.deepEqual(ids({}), selectCases(catalog).map(({ one }) => one.id));
  assert.ok(ids({ only: ["sparkplug"] }).every(isSparkplug));
  assert.deepEqual(new Set(ids({ rules: ["tck-id-payloads-state-birth"] })), new Set(["sparkplug/state-birth"]));
  assert.deepEqual(ids({ only: ["will/reset"] }).filter(isSparkplug), []);
});

Deno.test("sparkplug cases: each has one line that describes it, and identifiers of assertions as rules", () => {
  for (const { id, title, does, rules } of sparkplugCases) {
    assert.match(id, /^sparkplug\/[a-z-]+$/);
    for (const line of [title, does]) assert.match(line, /^[^\n]{10,160}[^.\n]$/, id);
    for (const protocol of protocols) {
      for (const rule of rules[protocol]!) assert.match(rule, /^tck-id-[a-z0-9-]+$/);
    }
  }
  const text = caseRulesText({ protocol: "5.0", rules: ["tck-id-payloads-state-birth"] });
  assert.equal(text, "Sparkplug 3.0 over MQTT 5.0, tck-id-payloads-state-birth");
});

/** How a Sparkplug Aware broker deviates. */
interface AwareFaults {
  /** The certificate that it keeps of a birth; undefined for none. */
  readonly keep?: (topic: string, payload: Uint8Array, older: Uint8Array | undefined) => Uint8Array | undefined;
  /** The timestamp that it writes into NDEATH; undefined for none. */
  readonly stampMs?: number | undefined;
  /** Its certificates have the retain flag. */
  readonly retain?: boolean;
}

/** A Sparkplug Aware broker: it keeps births as certificates, and writes the time into NDEATH. */
function aware(faults: AwareFaults = {}): Tamper {
  const { keep = (_, payload) => payload, retain = true } = faults;
  const stampMs = "stampMs" in faults ? faults.stampMs : wallTime().getTime();
  const certificates = new Map<string, Uint8Array>();
  const asked = new WeakMap<TamperedLink, string>();
  const births = changesReceived("publish", (packet) => {
    const topic = certificateTopic(packet.topic);
    const kept = keep(packet.topic, packet.payload, certificates.get(topic));
    if (/\/[ND]BIRTH\//.test(topic) && kept !== undefined) certificates.set(topic, kept);
    return packet;
  })();
  const subscriptions = changesReceived("subscribe", (packet, link) => {
    asked.set(link, packet.subscriptions[0]!.topicFilter);
    return packet;
  })();
  return {
    fromClient: (bytes, link) => births.fromClient!(subscriptions.fromClient!(bytes, link)!, link),
    fromBroker(packet, link) {
      if (packet.type === "publish" && packet.topic.includes("/NDEATH/") && stampMs !== undefined) {
        return [{ ...packet, payload: encodePayload({ ...decodePayload(packet.payload)!, timestampMs: stampMs }) }];
      }
      const topic = asked.get(link) ?? "";
      const payload = packet.type === "suback" ? certificates.get(topic) : undefined;
      if (payload === undefined) return [packet];
      return [packet, { type: "publish", topic, payload, qos: 0, retain, dup: false }];
    },
  };
}

Deno.test("sparkplug cases: a Sparkplug Aware broker passes all cases", async () => {
  const { cases, reason } = await checkInMemory(tampered(() => aware()), { only: ["sparkplug"] });
  assert.deepEqual(new Set(Object.values(outcomesOf(cases))), new Set(["pass"]), reason);
});

Deno.test("sparkplug cases: an aware broker may leave the timestamp of NDEATH alone", async () => {
  const run = { only: ["sparkplug"] };
  const { cases, verdict } = await checkInMemory(tampered(() => aware({ stampMs: undefined })), run);
  const untested = cases.filter(({ outcome }) => outcome !== "pass").map(({ id }) => id);
  assert.deepEqual(new Set(untested), new Set(["sparkplug/aware-ndeath-timestamp"]));
  assert.equal(verdict, "pass");
});

const dropsQosZero: Fault = () => changesReceived("publish", (packet) => packet.qos === 0 ? undefined : packet)();
/** Sends messages of a group twice as fast in the other order: NBIRTH before the NDEATH that waits. */
const holdsDeaths: Fault = () =>
  changesSent("publish", (packet, link) => {
    if (!packet.topic.includes("/NDEATH/")) return [packet];
    link.after(200, () => link.toClient(packet));
    return [];
  })();
const keepsNoDeviceBirth: Fault = () =>
  aware({ keep: (topic, payload) => topic.includes("/DBIRTH/") ? undefined : payload });
const keepsFirstBirth: Fault = () => aware({ keep: (_, payload, older) => older ?? payload });
const keepsAlteredBirth: Fault = () => aware({ keep: (_, payload) => payload.slice(1) });
const sendsCertificatesLive: Fault = () => aware({ retain: false });
const stampsWrongTime: Fault = () => aware({ stampMs: 12_345 });

const sparkplugProofs: Readonly<Record<string, readonly Proof[]>> = {
  "sparkplug/births-and-data": [{
    fault: dropsQosZero,
    says: /^watcher got no message on spBv1\.0\/.*\/NBIRTH\/node within/,
  }],
  "sparkplug/ndeath": [
    { fault: losesWills, says: /^watcher got no PUBLISH within/ },
    { fault: repeatsWills, says: /although nothing was due/ },
    { fault: changesPayloads, says: /than NDEATH with the bdSeq of the will/ },
    { fault: lowersWillQos, says: /got NDEATH with QoS 0/ },
  ],
  "sparkplug/ndeath-not-retained": [{ fault: retainsEveryWill, says: /although nothing was due|as retained/ }],
  "sparkplug/ndeath-before-nbirth": [{ fault: holdsDeaths, says: /NBIRTH\/node" than NDEATH/ }],
  "sparkplug/state-birth": [{ fault: retainsNothing, says: /^later got no message on spBv1\.0\/STATE\// }, {
    fault: hidesRetain,
    says: /retain is false, not true/,
  }],
  "sparkplug/state-death": [
    { fault: losesWills, says: /^watcher got no message on spBv1\.0\/STATE\// },
    { fault: lowersWillQos, says: /QoS/ },
    { fault: retainsNoWill, says: /retain is false, not true|^later got another message/ },
  ],
  "sparkplug/aware-nbirth": [
    { fault: keepsAlteredBirth, says: /is not the last birth certificate/ },
    { fault: sendsCertificatesLive, says: /the certificate of NBIRTH came without the retain flag/ },
  ],
  "sparkplug/aware-dbirth": [
    {
      fault: keepsNoDeviceBirth,
      says: /a later subscriber received nothing on \$sparkplug\/certificates\/spBv1\.0\/.*DBIRTH/,
    },
    { fault: sendsCertificatesLive, says: /the certificate of DBIRTH came without the retain flag/ },
  ],
  "sparkplug/aware-newest": [{ fault: keepsFirstBirth, says: /is not the last birth certificate/ }],
  "sparkplug/aware-ndeath-timestamp": [{ fault: stampsWrongTime, says: /has a timestamp \d+ s from the time here/ }],
};

Deno.test("sparkplug cases: each has a proof that it can fail", () => {
  assert.deepEqual(Object.keys(sparkplugProofs), sparkplugCases.map(({ id }) => id));
});

for (const one of sparkplugCases) {
  for (const { fault, says } of sparkplugProofs[one.id] ?? []) {
    for (const protocol of protocols) {
      Deno.test(`sparkplug cases: ${one.id} in ${protocol} detects a broker that ${fault.name}`, async () => {
        const run = { cases: [one], protocols: [protocol], only: [one.id], parallel: 1 };
        const { cases: [result], reason } = await checkInMemory(tampered(fault), run);
        assert.equal(result?.outcome, "fail", result?.reason ?? reason);
        assert.match(result!.reason!, says);
      });
    }
  }
}
