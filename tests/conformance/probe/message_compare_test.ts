/** Differences between a message and its copy: each part separately, and the parts that the receiver cannot see. */
import assert from "node:assert/strict";
import { compareMessage, type SeenBy, type SentMessage } from "../../../src/conformance/probe/message_compare.ts";
import type { MessageProperties, PublishPacket } from "../../../src/mqtt/packet.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const properties: MessageProperties = {
  payloadFormatIndicator: 1,
  messageExpiryIntervalS: 60,
  contentType: "text/plain",
  responseTopic: "answers",
  correlationData: bytes("ab"),
  userProperties: [["a", "1"], ["b", "2"], ["a", "1"]],
};
const sent: SentMessage = { topic: "t", payload: bytes("abc"), qos: 1, retain: true, properties };
/** An equal copy that shares no object with the original. */
const came: PublishPacket = { type: "publish", dup: false, packetId: 7, ...structuredClone(sent) };
const in5: SeenBy = { version: 5, grantedQos: 2 };
const in311: SeenBy = { version: 4, grantedQos: 2 };

function differs(over: Partial<PublishPacket>, seen = in5, as = sent): string[] {
  return compareMessage({ ...came, ...over }, as, seen).map(({ text }) => text);
}

function withProperties(over: MessageProperties): string[] {
  return differs({ properties: { ...properties, ...over } });
}

function without(name: keyof MessageProperties): MessageProperties {
  const { [name]: _, ...others } = properties;
  return others;
}

const table: readonly [what: string, text: readonly string[], expected: readonly string[]][] = [
  ["nothing", differs({}), []],
  ["the topic", differs({ topic: "u" }), ['topic is "u", not "t"']],
  ["a byte of the payload", differs({ payload: bytes("abd") }), ['payload is "abd", not "abc"']],
  ["a payload that is cut", differs({ payload: bytes("ab") }), ['payload is "ab", not "abc"']],
  ["a payload that is longer", differs({ payload: bytes("abcd") }), ['payload is "abcd", not "abc"']],
  ["the QoS", differs({ qos: 0 }), ["QoS is 0, not 1"]],
  ["a higher QoS than it was sent with", differs({ qos: 2 }), ["QoS is 2, not 1"]],
  ["a higher QoS than was granted", differs({}, { ...in5, grantedQos: 0 }), ["QoS is 1, not 0"]],
  ["5.0: retain that is lost", differs({ retain: false }), ["retain is false, not true"]],
  ["5.0: retain that is set", differs({}, in5, { ...sent, retain: false }), ["retain is true, not false"]],
  ["5.0, found: retain", differs({ retain: false }, { ...in5, isFound: true }), ["retain is false, not true"]],
  ["3.1.1: retain is not passed on", differs({ retain: false }, in311), []],
  ["3.1.1: retain that is passed on", differs({}, in311), ["retain is true, not false"]],
  ["3.1.1, found: retain", differs({}, { ...in311, isFound: true }), []],
  ["3.1.1 has no properties", differs({ retain: false, properties: {} }, in311), []],
  ["two parts", differs({ topic: "u", qos: 0 }), ['topic is "u", not "t"', "QoS is 0, not 1"]],
  ["the content type", withProperties({ contentType: "x" }), ['content type is "x", not "text/plain"']],
  ["the response topic", withProperties({ responseTopic: "x" }), ['response topic is "x", not "answers"']],
  ["the correlation data", withProperties({ correlationData: bytes("ac") }), ['correlation data is "ac", not "ab"']],
  ["the payload format", withProperties({ payloadFormatIndicator: 0 }), ["payload format indicator is 0, not 1"]],
  ["an expiry that has grown", withProperties({ messageExpiryIntervalS: 61 }), [
    "message expiry interval is 61, not 60",
  ]],
  ["an expiry as it was", withProperties({ messageExpiryIntervalS: 60 }), []],
  ["an expiry that has gone down", withProperties({ messageExpiryIntervalS: 59 }), []],
  ["user properties in another order", withProperties({ userProperties: [["b", "2"], ["a", "1"], ["a", "1"]] }), [
    'user properties is [["b","2"],["a","1"],["a","1"]], not [["a","1"],["b","2"],["a","1"]]',
  ]],
  ["another user property's value", withProperties({ userProperties: [["a", "1"], ["b", "3"], ["a", "1"]] }), [
    'user properties is [["a","1"],["b","3"],["a","1"]], not [["a","1"],["b","2"],["a","1"]]',
  ]],
  ["another user property's name", withProperties({ userProperties: [["a", "1"], ["c", "2"], ["a", "1"]] }), [
    'user properties is [["a","1"],["c","2"],["a","1"]], not [["a","1"],["b","2"],["a","1"]]',
  ]],
  ["one user property less", withProperties({ userProperties: [["a", "1"], ["b", "2"]] }), [
    'user properties is [["a","1"],["b","2"]], not [["a","1"],["b","2"],["a","1"]]',
  ]],
  ["no property", differs({ properties: {} }), [
    "payload format indicator is absent, not 1",
    'content type is absent, not "text/plain"',
    'response topic is absent, not "answers"',
    'correlation data is absent, not "ab"',
    "message expiry interval is absent, not 60",
    'user properties is absent, not [["a","1"],["b","2"],["a","1"]]',
  ]],
  ["properties that were not sent", compareMessage(came, { ...sent, properties: {} }, in5).map(({ part }) => part), [
    "payload format indicator",
    "content type",
    "response topic",
    "correlation data",
    "user properties",
  ]],
];

for (const [what, text, expected] of table) {
  Deno.test(`compared messages: ${what}`, () => assert.deepEqual(text, expected));
}

Deno.test("compared messages: indicator 0 equals none, and an absent list of properties equals an empty one", () => {
  const { properties: _, ...bare } = sent;
  const { properties: __, ...plain } = came;
  assert.deepEqual(compareMessage(plain, bare, in5), []);
  assert.deepEqual(compareMessage(plain, { ...sent, properties: { payloadFormatIndicator: 0 } }, in5), []);
  assert.deepEqual(compareMessage({ ...plain, properties: { payloadFormatIndicator: 0 } }, bare, in5), []);
  assert.deepEqual(compareMessage({ ...plain, properties: { userProperties: [] } }, bare, in5), []);
  assert.deepEqual(withProperties(without("contentType")), []);
});
