/** SUBSCRIBEs and UNSUBSCRIBEs that the standard does not allow, and filters that are none. */
import type { ConformanceCase } from "../case/case.ts";
import type { Protocol } from "../model/protocol.ts";
import { field, frame } from "../probe/raw_packet.ts";
import type { CaseContext } from "../context/case_context.ts";
import { afterConnect, type Malformed } from "./malformed.ts";

/** A packet of a first byte, a packet identifier, in 5.0 no properties, and a payload. */
function packet(context: CaseContext, first: number, payload: readonly number[]): number[] {
  return frame(first, [0, 77, ...(context.is5 ? [0] : []), ...payload]);
}

const malformed: readonly Malformed[] = [
  {
    name: "reserved-bits",
    title: "a SUBSCRIBE with other reserved bits than 0010 closes the connection",
    does: "sends a SUBSCRIBE that begins with 0x80, and waits for the close",
    rules: { "3.1.1": ["3.8.1-1"], "5.0": ["3.8.1-1"] },
    bytes: (context) => packet(context, 0x80, [...field(context.topic()), 0]),
  },
  {
    name: "no-filter",
    title: "a SUBSCRIBE without a filter closes the connection",
    does: "sends a SUBSCRIBE that ends after its packet identifier, and waits for the close",
    rules: { "3.1.1": ["3.8.3-3"], "5.0": ["3.8.3-2"] },
    bytes: (context) => packet(context, 0x82, []),
  },
  {
    name: "packet-id-0",
    title: "a SUBSCRIBE with packet identifier 0 closes the connection",
    does: "sends a SUBSCRIBE whose packet identifier is 0, and waits for the close",
    rules: { "3.1.1": ["2.3.1-1"], "5.0": ["2.2.1-3"] },
    bytes: (context) => packet(context, 0x82, [...field(context.topic()), 0]).with(3, 0),
  },
  {
    name: "qos-3",
    title: "a subscription at QoS 3 closes the connection",
    does: "sends a SUBSCRIBE for QoS 3, and waits for the close",
    rules: { "3.1.1": ["3.8.3-4"], "5.0": ["3.8.3.1"] },
    bytes: (context) => packet(context, 0x82, [...field(context.topic()), 3]),
  },
  {
    name: "reserved-options",
    title: "a subscription whose reserved option bits are set closes the connection",
    does: "sends a SUBSCRIBE with both upper bits of its options set, and waits for the close",
    rules: { "3.1.1": ["3.8.3-4"], "5.0": ["3.8.3-5"] },
    bytes: (context) => packet(context, 0x82, [...field(context.topic()), 0xc0]),
  },
  {
    name: "retain-handling-3",
    title: "a subscription with Retain Handling 3 closes the connection",
    does: "sends a SUBSCRIBE with both bits of Retain Handling set, and waits for the close",
    rules: { "5.0": ["3.8.3.1"] },
    bytes: (context) => packet(context, 0x82, [...field(context.topic()), 0x30]),
  },
  {
    name: "options-of-5",
    title: "a subscription with the options of 5.0 closes a connection of 3.1.1",
    does: "sends a SUBSCRIBE with the bit of No Local set, and waits for the close",
    rules: { "3.1.1": ["3.8.3-4"] },
    bytes: (context) => packet(context, 0x82, [...field(context.topic()), 0x04]),
  },
  {
    name: "filter-not-utf-8",
    title: "a filter that is not UTF-8 closes the connection",
    does: "sends a SUBSCRIBE whose filter holds a lone surrogate, and waits for the close",
    rules: { "3.1.1": ["3.8.3-1"], "5.0": ["1.5.4-1", "3.8.3-1"] },
    bytes: (context) => packet(context, 0x82, [0, 4, 0x61, 0xed, 0xa0, 0x80, 0]),
  },
  {
    name: "subscription-identifier-0",
    title: "a Subscription Identifier of 0 closes the connection",
    does: "sends a SUBSCRIBE whose Subscription Identifier is 0, and waits for the close",
    rules: { "5.0": ["3.8.2.1.2"] },
    bytes: (context) => frame(0x82, [0, 77, 2, 0x0b, 0, ...field(context.topic()), 0]),
  },
  {
    name: "unsubscribe-reserved-bits",
    title: "an UNSUBSCRIBE with other reserved bits than 0010 closes the connection",
    does: "sends an UNSUBSCRIBE that begins with 0xA0, and waits for the close",
    rules: { "3.1.1": ["3.10.1-1"], "5.0": ["3.10.1-1"] },
    bytes: (context) => packet(context, 0xa0, field(context.topic())),
  },
  {
    name: "unsubscribe-no-filter",
    title: "an UNSUBSCRIBE without a filter closes the connection",
    does: "sends an UNSUBSCRIBE that ends after its packet identifier, and waits for the close",
    rules: { "3.1.1": ["3.10.3-2"], "5.0": ["3.10.3-2"] },
    bytes: (context) => packet(context, 0xa2, []),
  },
];

interface BadFilter {
  readonly name: string;
  readonly what: string;
  readonly filter: string;
  readonly rules: Readonly<Partial<Record<Protocol, readonly string[]>>>;
}

const badFilters: readonly BadFilter[] = [
  {
    name: "filter-empty",
    what: "an empty filter",
    filter: "",
    rules: { "3.1.1": ["4.7.3-1"], "5.0": ["4.7.3-1"] },
  },
  {
    name: "filter-null",
    what: "a filter with U+0000",
    filter: "mqtt-sim/\u0000/never",
    rules: { "3.1.1": ["4.7.3-2"], "5.0": ["4.7.3-2", "1.5.4-2"] },
  },
  {
    name: "filter-hash-inside",
    what: "a filter with # before its last level",
    filter: "mqtt-sim/#/never",
    rules: { "3.1.1": ["4.7.1-2"], "5.0": ["4.7.1-1"] },
  },
  {
    name: "filter-hash-in-word",
    what: "a filter with # inside a level",
    filter: "mqtt-sim/never#",
    rules: { "3.1.1": ["4.7.1-2"], "5.0": ["4.7.1-1"] },
  },
  {
    name: "filter-plus-in-word",
    what: "a filter with + inside a level",
    filter: "mqtt-sim/never+/at",
    rules: { "3.1.1": ["4.7.1-3"], "5.0": ["4.7.1-2"] },
  },
];

/** One where the broker may close, and may as well refuse the one filter. */
function badFilterCase({ name, what, filter, rules }: BadFilter): ConformanceCase {
  return {
    id: `subscribe/${name}`,
    title: `${what} is refused: by its SUBACK, or by the end of the connection`,
    does: `sends a SUBSCRIBE with ${what}, and checks the SUBACK or waits for the close`,
    rules,
    async run(context) {
      const client = await context.connect();
      client.sendBytes(packet(context, 0x82, [...field(filter), 0]), `SUBSCRIBE with ${what}`);
      const suback = await client.expect("suback").catch(() => undefined);
      if (suback === undefined) return void await client.expectClose();
      const code = suback.reasonCodes[0]!;
      context.holds(code >= 0x80, `the broker granted QoS ${code} to ${what}`);
    },
  };
}

export const subscribeMalformedCases: readonly ConformanceCase[] = [
  ...malformed.map((one) => afterConnect("subscribe", one)),
  ...badFilters.map(badFilterCase),
];
