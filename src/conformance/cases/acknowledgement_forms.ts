/** Acknowledgements in every form that 5.0 allows: with and without code, length and properties. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import { field, frame } from "../probe/raw_packet.ts";
import type { CaseContext } from "../context/case_context.ts";

/** The bytes after the packet identifier. */
interface Form {
  /** The name of the probe in transcripts. */
  readonly name: string;
  readonly rest: (code: number) => readonly number[];
}

const userProperty = (name: string) => [0x26, ...field(name), ...field("1")];
const reasonString = [0x1f, ...field("why")];

/** Every form for a code. Without a code it means 0x00. */
function formsOf(code: number): Form[] {
  const properties = [...userProperty("b"), ...reasonString, ...userProperty("a"), ...userProperty("b")];
  const forms: Form[] = [
    { name: "code-alone", rest: (code) => [code] },
    { name: "no-properties", rest: (code) => [code, 0] },
    { name: "properties", rest: (code) => [code, properties.length, ...properties] },
  ];
  return code === 0 ? [{ name: "id-alone", rest: () => [] }, ...forms] : forms;
}

const firstBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
type Acknowledgement = keyof typeof firstBytes;

function answer(probe: Probe, type: Acknowledgement, packetId: number, rest: readonly number[]): void {
  const bytes = frame(firstBytes[type], [packetId >> 8, packetId & 0xff, ...rest]);
  probe.sendBytes(bytes, `${type.toUpperCase()} of ${bytes.length - 2} bytes after its header`);
}

/** How a subscriber answers a message with an acknowledgement of that form. */
type Answering = (subscriber: Probe, packetId: number, rest: readonly number[], code: number) => Promise<void> | void;

const answering: Readonly<Record<Exclude<Acknowledgement, "pubrel">, Answering>> = {
  puback: (subscriber, packetId, rest) => answer(subscriber, "puback", packetId, rest),
  async pubrec(subscriber, packetId, rest, code) {
    answer(subscriber, "pubrec", packetId, rest);
    if (code >= 0x80) return;
    await subscriber.expect("pubrel", (packet) => packet.packetId === packetId);
    subscriber.send({ type: "pubcomp", packetId });
  },
  async pubcomp(subscriber, packetId, rest) {
    subscriber.send({ type: "pubrec", packetId });
    await subscriber.expect("pubrel", (packet) => packet.packetId === packetId);
    answer(subscriber, "pubcomp", packetId, rest);
  },
};

/** The message after it comes where Receive Maximum is 1: the broker has read the acknowledgement. */
async function makesRoom(context: CaseContext, type: keyof typeof answering, code: number): Promise<void> {
  const qos = type === "puback" ? 1 : 2;
  const publisher = await context.connect({ name: "publisher" });
  for (const { name, rest } of formsOf(code)) {
    const topic = context.topic(name);
    const subscriber = await context.connect({ name, properties: { receiveMaximum: 1 } });
    subscriber.acknowledges = false;
    await subscriber.subscribe(topic, { qos });
    subscriber.requiresGranted(qos, topic);
    await publisher.publish(context.message({ topic, qos }));
    const { packetId } = await subscriber.expectNumbered();
    await answering[type](subscriber, packetId, rest(code), code);
    await publisher.publish(context.message({ topic, qos }));
    await subscriber.expect("publish");
  }
}

/** PUBREL comes from the publisher, and is answered by PUBCOMP. */
async function completes(context: CaseContext, code: number): Promise<void> {
  for (const { name, rest } of formsOf(code)) {
    const publisher = await context.connect({ name });
    publisher.acknowledges = false;
    const packetId = publisher.nextPacketId();
    publisher.send({ type: "publish", dup: false, ...context.message({ qos: 2 }), packetId });
    await publisher.expect("pubrec", (packet) => packet.packetId === packetId);
    answer(publisher, "pubrel", packetId, rest(code));
    await publisher.expect("pubcomp", (packet) => packet.packetId === packetId);
  }
}

interface Acknowledging {
  readonly type: Acknowledgement;
  readonly code: string;
  readonly rules: readonly string[];
}

const acknowledging: readonly Acknowledging[] = [
  { type: "puback", code: "0x00", rules: ["3.4.2.1", "4.3.2-3", "4.9.0-2"] },
  { type: "puback", code: "0x80", rules: ["3.4.2.1", "4.4.0-2", "4.9.0-2"] },
  { type: "pubrec", code: "0x00", rules: ["3.5.2.1", "4.3.3-4"] },
  { type: "pubrec", code: "0x80", rules: ["3.5.2.1", "4.4.0-2", "4.9.0-2"] },
  { type: "pubrel", code: "0x00", rules: ["3.6.2.1", "4.3.3-11"] },
  { type: "pubrel", code: "0x92", rules: ["3.6.2.1", "4.3.3-11"] },
  { type: "pubcomp", code: "0x00", rules: ["3.7.2.1", "4.9.0-2"] },
  { type: "pubcomp", code: "0x92", rules: ["3.7.2.1", "4.9.0-2"] },
];

export const acknowledgementFormCases: readonly ConformanceCase[] = acknowledging.map(({ type, code, rules }) => ({
  id: `publish/${type}-${code}-forms`,
  title: `a ${type.toUpperCase()} with ${code} is accepted in every form: with and without code, length and properties`,
  does: type === "pubrel"
    ? `publishes at QoS 2, sends PUBREL with ${code} in each form, and waits for the PUBCOMP`
    : `with Receive Maximum 1, sends ${type.toUpperCase()} with ${code} in each form, and waits for the next message`,
  rules: { "5.0": rules },
  needs: [type === "puback" ? "qos1" : "qos2"],
  run: (context) => type === "pubrel" ? completes(context, Number(code)) : makesRoom(context, type, Number(code)),
}));
