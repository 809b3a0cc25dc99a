/** Wills arrive as CONNECT gave them: topic, payload, and in 5.0 every property. */
import type { ConnectWill, MessageProperties } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { CaseContext } from "../context/case_context.ts";

interface Faithful {
  readonly name: string;
  readonly title: string;
  readonly rules: ConformanceCase["rules"];
  readonly needs?: ConformanceCase["needs"];
  readonly deviations?: readonly string[];
  /** The special feature of the will. */
  readonly will: (context: CaseContext) => Partial<ConnectWill>;
}

/** A case with one property. */
function property(
  name: string,
  what: string,
  rules: readonly string[],
  properties: MessageProperties | ((context: CaseContext) => MessageProperties),
): Faithful {
  return {
    name,
    title: `${what} of a will arrives unaltered`,
    rules: { "5.0": rules },
    deviations: ["properties"],
    will: (context) => ({ properties: typeof properties === "function" ? properties(context) : properties }),
  };
}

const present = { "3.1.1": ["3.1.2-9"], "5.0": ["3.1.2-9"] };
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const faithful: readonly Faithful[] = [
  property("payload-format", "the payload format indicator", ["3.3.2-4"], { payloadFormatIndicator: 1 }),
  property("payload-format-0", "a payload format indicator of 0", ["3.3.2-4"], { payloadFormatIndicator: 0 }),
  property("content-type", "the content type", ["3.3.2-20"], { contentType: 'application/x-ü; q="1"' }),
  property(
    "response-topic",
    "the response topic",
    ["3.3.2-15"],
    (context) => ({ responseTopic: context.topic("answer") }),
  ),
  property("correlation-data", "the correlation data", ["3.3.2-16"], { correlationData: everyByte }),
  property("correlation-data-empty", "empty correlation data", ["3.3.2-16"], { correlationData: new Uint8Array() }),
  property("user-property", "a user property", ["3.3.2-17"], { userProperties: [["name", "value"]] }),
  property("user-properties", "every user property, in order and with one name twice,", ["3.1.3-10", "3.3.2-18"], {
    userProperties: [["b", "1"], ["a", "2"], ["b", "1"], ["", ""], ["ü", "€"]],
  }),
  property("message-expiry", "the message expiry interval", ["3.3.2-6"], { messageExpiryIntervalS: 3_600 }),
  property("message-expiry-largest", "the largest message expiry interval", ["3.3.2-6"], {
    messageExpiryIntervalS: 0xffff_ffff,
  }),
  property(
    "all-properties",
    "every property",
    ["3.3.2-4", "3.3.2-6", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20", "3.1.3-10"],
    (context) => ({
      payloadFormatIndicator: 1,
      messageExpiryIntervalS: 3_600,
      contentType: "text/plain",
      responseTopic: context.topic("answer"),
      correlationData: Uint8Array.of(1, 0, 255),
      userProperties: [["b", "1"], ["a", "2"], ["b", "3"]],
    }),
  ),
  {
    name: "no-properties",
    title: "a will without properties arrives without any",
    rules: { "5.0": ["3.1.2-9"] },
    will: () => ({}),
  },
  {
    name: "every-byte",
    title: "a will's payload of all 256 byte values arrives unaltered",
    rules: present,
    will: () => ({ payload: everyByte }),
  },
  {
    name: "empty-payload",
    title: "a will without payload is sent",
    rules: present,
    deviations: ["empty-will-refused"],
    will: () => ({ payload: new Uint8Array() }),
  },
  {
    name: "long-payload",
    title: "a will's payload of 60,000 bytes arrives complete",
    rules: present,
    will: () => ({ payload: Uint8Array.from({ length: 60_000 }, (_, at) => at % 251) }),
  },
  {
    name: "topic-unicode",
    title: "a will's topic with characters of all Unicode planes arrives unaltered",
    rules: { "3.1.1": ["3.1.3-10", "4.7.3-4"], "5.0": ["3.1.3-11", "4.7.3-4"] },
    will: (context) => ({ topic: context.topic("Wörter/ 文字 /😀/\u{1f469}\u200d\u{1f680}") }),
  },
  {
    name: "topic-feff",
    title: "U+FEFF in a will's topic is kept",
    rules: { "3.1.1": ["1.4.0-3"], "5.0": ["1.5.4-3"] },
    will: (context) => ({ topic: context.topic("\ufeffa") }),
  },
  {
    name: "topic-empty-levels",
    title: "empty levels in a will's topic are kept",
    rules: { "3.1.1": ["4.7.3-4"], "5.0": ["4.7.3-4"] },
    will: (context) => ({ topic: `${context.topic("")}//a/` }),
  },
  {
    name: "topic-long",
    title: "a will's topic of 1,000 bytes arrives complete",
    rules: { "3.1.1": ["4.7.3-3"], "5.0": ["4.7.3-3"] },
    will: (context) => ({ topic: context.topic("a".repeat(1_000)).slice(0, 1_000) }),
  },
];

export const willFidelityCases: readonly ConformanceCase[] = faithful.map((one) => ({
  id: `will/${one.name}`,
  title: one.title,
  does: "subscribes, resets a client with such a will, and compares the message byte by byte",
  rules: one.rules,
  ...one.needs && { needs: one.needs },
  ...one.deviations && { deviations: one.deviations },
  async run(context) {
    const will = context.will(one.will(context));
    context.requires(
      will.payload.length < (context.announced.maximumPacketSize ?? Infinity) - 200,
      `the broker announces a Maximum Packet Size of ${context.announced.maximumPacketSize}`,
    );
    const watcher = await context.watcher(will.topic);
    const client = await context.connect({ will });
    client.reset();
    await watcher.receives(will);
    await watcher.receivesNothing(100);
  },
}));
