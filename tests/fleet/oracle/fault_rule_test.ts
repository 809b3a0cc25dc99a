/** The rule that each fault breaks, by version: statement numbers of the standards. */
import assert from "node:assert/strict";
import { type FaultFacts, faultRule } from "../../../src/fleet/oracle/fault_rule.ts";

const lost: Omit<FaultFacts, "version"> = {
  verdict: "missing",
  mode: "reset",
  ground: "connection-ended",
  altered: [],
};

/** The fault, and its rule in 3.1.1 (undefined where it cannot occur) and in 5.0. */
const cases: readonly [what: string, fault: Partial<FaultFacts>, in311: string | undefined, in5: string][] = [
  ["missing after a reset", {}, "3.1.2-8", "3.1.2-8"],
  ["missing after a close", { mode: "close" }, "3.1.2-8", "3.1.2-8"],
  ["missing after a loss", { mode: "lost" }, "3.1.2-8", "3.1.2-8"],
  ["late after a reset", { verdict: "late" }, "3.1.2-8", "3.1.2-8"],
  ["missing after DISCONNECT 0x04", { mode: "disconnect-with-will" }, undefined, "3.1.2-8"],
  ["missing after DISCONNECT 0x80", { mode: "disconnect-error" }, undefined, "3.1.2-8"],
  ["missing after half a packet and FIN", { mode: "half-packet" }, "3.1.2-8", "3.1.2-8"],
  ["missing after garbage", { mode: "garbage" }, "4.8.0-1", "4.13.1-1"],
  ["late after garbage", { mode: "garbage", verdict: "late" }, "4.8.0-1", "4.13.1-1"],
  ["missing after a second CONNECT", { mode: "second-connect" }, "3.1.0-2", "3.1.0-2"],
  ["missing after silence", { mode: "freeze", ground: "keep-alive-passed" }, "3.1.2-24", "3.1.2-22"],
  ["late after silence", { verdict: "late", mode: "freeze", ground: "keep-alive-passed" }, "3.1.2-24", "3.1.2-22"],
  ["early after silence", { verdict: "early", mode: "freeze", ground: "keep-alive-passed" }, "3.1.2-24", "3.1.2-22"],
  ["half a packet and silence", { mode: "half-packet", ground: "keep-alive-passed" }, "3.1.2-24", "3.1.2-22"],
  ["missing after a takeover", { mode: "takeover", ground: "taken-over" }, "3.1.4-2", "3.1.4-3"],
  ["missing after the delay", { ground: "delay-passed" }, undefined, "3.1.2-8"],
  ["missing after the session's end", { ground: "session-ended" }, undefined, "3.1.2-8"],
  ["early, before the delay had passed", { verdict: "early", ground: "delay-passed" }, undefined, "3.1.3-9"],
  ["unwanted, the session resumed", { verdict: "unwanted", ground: "session-resumed" }, undefined, "3.1.3-9"],
  ["unwanted after DISCONNECT", { verdict: "unwanted", mode: "leave", ground: "left" }, "3.14.4-3", "3.14.4-3"],
  ["unwanted of a living client", { verdict: "unwanted", mode: "alive", ground: "living" }, "3.1.2-8", "3.1.2-8"],
  ["unwanted of a refused one", { verdict: "unwanted", mode: "alive", ground: "refused" }, "3.1.4-5", "3.1.4-6"],
  ["twice", { verdict: "duplicate" }, "3.1.2-10", "3.1.2-10"],
  ["twice after silence", { verdict: "duplicate", ground: "keep-alive-passed" }, "3.1.2-10", "3.1.2-10"],
  ["another topic", { verdict: "altered", altered: ["topic"] }, "3.1.2-9", "3.1.2-9"],
  ["another payload", { verdict: "altered", altered: ["payload"] }, "3.1.2-9", "3.1.2-9"],
  ["another QoS", { verdict: "altered", altered: ["qos"] }, "3.1.2-9", "3.1.2-9"],
  ["another retain flag", { verdict: "altered", altered: ["retain"] }, "3.1.2-17", "3.1.2-15"],
  ["another property", { verdict: "altered", altered: ["properties"] }, undefined, "3.1.3-10"],
  ["another payload format", { verdict: "altered", altered: ["payloadFormatIndicator"] }, "3.1.2-9", "3.3.2-4"],
  ["another content type", { verdict: "altered", altered: ["contentType"] }, "3.1.2-9", "3.3.2-20"],
  ["another response topic", { verdict: "altered", altered: ["responseTopic"] }, "3.1.2-9", "3.3.2-15"],
  ["other correlation data", { verdict: "altered", altered: ["correlationData"] }, "3.1.2-9", "3.3.2-16"],
  ["a longer expiry", { verdict: "altered", altered: ["messageExpiryIntervalS"] }, "3.1.2-9", "3.3.2-6"],
  ["other user properties", { verdict: "altered", altered: ["userProperties"] }, "3.1.2-9", "3.3.2-17"],
  ["several, by the first", { verdict: "altered", altered: ["retain", "properties"] }, "3.1.2-17", "3.1.2-15"],
];

for (const [what, fault, in311, in5] of cases) {
  Deno.test(`fault rule: ${what}`, () => {
    if (in311 !== undefined) assert.equal(faultRule({ ...lost, version: 4, ...fault }), `MQTT 3.1.1, ${in311}`);
    assert.equal(faultRule({ ...lost, version: 5, ...fault }), `MQTT 5.0, ${in5}`);
  });
}
