/** CONNECTs with an impossible will: the broker closes, and no subscriber ever sees any part of them. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";
import { nothingComes } from "./nothing_comes.ts";

interface Malformed {
  readonly name: string;
  readonly what: string;
  readonly rules: ConformanceCase["rules"];
  readonly deviations?: readonly string[];
  /** The bytes that are sent. */
  spoil(context: CaseContext): Uint8Array;
  /** The bytes after them. */
  readonly then?: (client: Probe) => void;
}

/** Place of the connect flags in a short CONNECT. */
const flagsAt = 9;

/** A CONNECT whose flags do not match its fields. */
function withFlags(bytes: Uint8Array, flags: number): Uint8Array {
  bytes[flagsAt] = (bytes[flagsAt]! & ~0x3c) | flags;
  return bytes;
}

/** The same CONNECT with a part of it replaced by as many bytes or by others, lengths set right. */
function replaced(bytes: Uint8Array, part: Uint8Array, other: readonly number[]): Uint8Array {
  const at = bytes.findIndex((_, from) => part.every((byte, index) => bytes[from + index] === byte));
  const whole = [...bytes.subarray(2, at), ...other, ...bytes.subarray(at + part.length)];
  return Uint8Array.of(bytes[0]!, whole.length, ...whole);
}

/** A string in the form that it has in a packet. */
function field(text: string | readonly number[]): Uint8Array {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return Uint8Array.of(bytes.length >> 8, bytes.length & 0xff, ...bytes);
}

/** A CONNECT whose will topic is these bytes. */
function withTopic(context: CaseContext, topic: string | readonly number[]): Uint8Array {
  const will = context.will({ payload: Uint8Array.of(1) });
  return replaced(context.connectBytes({ will }), field(will.topic), [...field(topic)]);
}

/** A CONNECT whose will properties are these bytes. */
function withProperties(context: CaseContext, properties: readonly number[]): Uint8Array {
  const will = context.will({ payload: Uint8Array.of(1) });
  const before = Uint8Array.of(0, ...field(will.topic)); // a property length of 0 stands before the topic
  return replaced(context.connectBytes({ will }), before, [properties.length, ...properties, ...field(will.topic)]);
}

/** The same CONNECT without the fields of its will, whose presence its flags declare. */
function withoutWillFields(context: CaseContext): Uint8Array {
  return withFlags(context.connectBytes(), 0x0c);
}

/** The first bytes of a CONNECT, by their number. */
function cut(context: CaseContext, to: number): Uint8Array {
  return context.connectBytes({ will: context.will() }).slice(0, to);
}

const topicIsText = { "3.1.1": ["3.1.3-10"], "5.0": ["3.1.3-11"] };
const noWildcards = { "3.1.1": ["4.7.1-1"], "5.0": ["4.7.0-1"] };
const badProperty = { "5.0": ["4.13.1-1", "3.1.4-1"] };
const flagless = {
  qos: { "3.1.1": ["3.1.2-13", "3.1.2-11"], "5.0": ["3.1.2-11"] },
  retain: { "3.1.1": ["3.1.2-15", "3.1.2-11"], "5.0": ["3.1.2-13"] },
};

const malformed: readonly Malformed[] = [
  {
    name: "flags-qos-1-alone",
    what: "will QoS 1 without the will flag",
    rules: flagless.qos,
    spoil: (context) => withFlags(context.connectBytes(), 0x08),
  },
  {
    name: "flags-qos-2-alone",
    what: "will QoS 2 without the will flag",
    rules: flagless.qos,
    spoil: (context) => withFlags(context.connectBytes(), 0x10),
  },
  {
    name: "flags-retain-alone",
    what: "will retain without the will flag",
    rules: flagless.retain,
    spoil: (context) => withFlags(context.connectBytes(), 0x20),
  },
  {
    name: "flags-qos-3",
    what: "will QoS 3",
    rules: { "3.1.1": ["3.1.2-14"], "5.0": ["3.1.2-12"] },
    spoil: (context) => withFlags(context.connectBytes({ will: context.will() }), 0x1c),
  },
  {
    name: "fields-unannounced",
    what: "a will topic and payload without the will flag",
    rules: { "3.1.1": ["3.1.2-11"], "5.0": ["3.1.4-1"] },
    spoil: (context) => withFlags(context.connectBytes({ will: context.will() }), 0x00),
  },
  {
    name: "fields-missing",
    what: "the will flag without will topic and payload",
    rules: { "3.1.1": ["3.1.2-9"], "5.0": ["3.1.2-9"] },
    spoil: withoutWillFields,
  },
  {
    name: "cut-after-flags",
    what: "a will that ends after its flags",
    rules: { "3.1.1": ["3.1.2-9"], "5.0": ["3.1.2-9"] },
    spoil: (context) => cut(context, flagsAt + 1),
    then: (client) => void client.close(),
  },
  {
    name: "cut-before-payload",
    what: "a will that ends within its payload",
    rules: { "3.1.1": ["3.1.2-9"], "5.0": ["3.1.2-9"] },
    spoil: (context) => {
      const bytes = context.connectBytes({ will: context.will() });
      return bytes.slice(0, bytes.length - 3);
    },
    then: (client) => void client.close(),
  },
  {
    name: "topic-not-utf-8",
    what: "a will topic that is not UTF-8",
    rules: topicIsText,
    spoil: (context) => withTopic(context, [0x61, 0xc3, 0x28]),
  },
  {
    name: "topic-surrogate",
    what: "a will topic with an encoded surrogate",
    rules: { "3.1.1": ["1.4.0-1", "3.1.3-10"], "5.0": ["1.5.4-1", "3.1.3-11"] },
    spoil: (context) => withTopic(context, [0x61, 0xed, 0xa0, 0x80]),
  },
  {
    name: "topic-nul",
    what: "a will topic with U+0000",
    rules: { "3.1.1": ["4.7.3-2", "1.4.0-2"], "5.0": ["4.7.3-2", "1.5.4-2"] },
    spoil: (context) => withTopic(context, [0x61, 0x00]),
  },
  {
    name: "topic-hash",
    what: "a will topic with #",
    rules: noWildcards,
    spoil: (context) => withTopic(context, `${context.topic("a")}/#`),
  },
  {
    name: "topic-plus",
    what: "a will topic with +",
    rules: noWildcards,
    spoil: (context) => withTopic(context, `${context.topic("a")}/+`),
  },
  {
    name: "topic-empty",
    what: "an empty will topic",
    rules: { "3.1.1": ["4.7.3-1"], "5.0": ["4.7.3-1"] },
    spoil: (context) => withTopic(context, ""),
  },
  {
    name: "property-twice",
    what: "will properties with two delays",
    rules: badProperty,
    spoil: (context) => withProperties(context, [0x18, 0, 0, 0, 1, 0x18, 0, 0, 0, 1]),
  },
  {
    name: "property-misplaced",
    what: "a topic alias among the will properties",
    rules: badProperty,
    spoil: (context) => withProperties(context, [0x23, 0, 1]),
  },
  {
    name: "property-unknown",
    what: "a will property that does not exist",
    rules: badProperty,
    spoil: (context) => withProperties(context, [0x7f, 0]),
  },
  {
    name: "property-response-wildcard",
    what: "a will response topic with #",
    rules: { "5.0": ["3.3.2-14"] },
    spoil: (context) => withProperties(context, [0x08, ...field("a/#")]),
  },
  {
    name: "property-content-type-not-utf-8",
    what: "a will content type that is not UTF-8",
    rules: { "5.0": ["3.3.2-19", "1.5.4-1"] },
    spoil: (context) => withProperties(context, [0x03, ...field([0xc3, 0x28])]),
  },
];

export const willMalformedCases: readonly ConformanceCase[] = malformed.map((one) => ({
  id: `will/${one.name}`,
  title: `a CONNECT with ${one.what} ${
    one.then === undefined ? "is refused" : "opens no session"
  }, and no will is sent`,
  does: `sends a CONNECT with ${one.what}${
    one.then === undefined ? ", waits for the close," : ", then FIN,"
  } and watches`,
  rules: one.rules,
  ...one.deviations && { deviations: one.deviations },
  async run(context) {
    const watcher = await context.watcher();
    const client = context.dial().sendBytes(one.spoil(context), `CONNECT with ${one.what}`);
    if (one.then === undefined) await client.expectRefused();
    else one.then(client);
    await nothingComes(context, watcher);
  },
}));
