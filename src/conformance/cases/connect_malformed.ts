/** CONNECTs that are none, and packets that a client never sends. */
import { bytesOfText } from "../../base/bytes.ts";
import type { ConformanceCase } from "../case/case.ts";
import { connectFrame, field, frame } from "../probe/raw_packet.ts";
import type { CaseContext } from "../context/case_context.ts";
import { afterConnect, asConnect, type Malformed } from "./malformed.ts";

const format = { "3.1.1": ["3.1.4-1"], "5.0": ["3.1.4-1"] };

/** A CONNECT whose payload begins with the client identifier. */
function connect(
  context: CaseContext,
  parts: Partial<Parameters<typeof connectFrame>[0]> = {},
  rest: number[] = [],
): number[] {
  return connectFrame({ version: context.version, payload: [...field(context.clientId()), ...rest], ...parts });
}

/** The same with the login of the run, so that a missing login is not the reason of the refusal. */
export function connectOfUser(
  context: CaseContext,
  { flags = 0x02, payload = field(context.clientId()), ...parts }: Partial<Parameters<typeof connectFrame>[0]> = {},
  rest: number[] = [],
): number[] {
  const { username, password } = context.login;
  const login = [
    ...username === undefined ? [] : field(username),
    ...password === undefined ? [] : field([...bytesOfText(password)]),
  ];
  const announced = (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  return connect(context, { ...parts, flags: flags | announced, payload: [...payload, ...login, ...rest] });
}

const connects: readonly Malformed[] = [
  {
    name: "reserved-flag",
    title: "a CONNECT with the reserved flag set closes the connection",
    does: "sends a CONNECT with bit 0 of its flags set, and waits for the close",
    rules: { "3.1.1": ["3.1.2-3"], "5.0": ["3.1.2-3"] },
    bytes: (context) => connectOfUser(context, { flags: 0x03 }),
  },
  {
    name: "reserved-bits",
    title: "a CONNECT with reserved bits of its first byte set closes the connection",
    does: "sends a CONNECT that begins with 0x11, and waits for the close",
    rules: { "3.1.1": ["2.2.2-2"], "5.0": ["2.1.3-1", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { first: 0x11 }),
  },
  {
    name: "cut-short",
    title: "a CONNECT that ends before its client identifier closes the connection",
    does: "sends a CONNECT without a payload, and waits for the close",
    rules: { "3.1.1": ["3.1.3-3", "3.1.4-1"], "5.0": ["3.1.3-3", "3.1.4-1"] },
    bytes: (context) => connect(context, { payload: [] }),
  },
  {
    name: "trailing-bytes",
    title: "a CONNECT with extra bytes after its fields closes the connection",
    does: "sends a CONNECT with two bytes after its last field, and waits for the close",
    rules: format,
    bytes: (context) => connectOfUser(context, {}, [0, 0]),
  },
  {
    name: "remaining-length",
    title: "a length of five bytes closes the connection",
    does: "sends a CONNECT whose length does not end after four bytes, and waits for the close",
    rules: { "3.1.1": ["2.2.3"], "5.0": ["1.5.5"] },
    bytes: () => [0x10, 0xff, 0xff, 0xff, 0xff, 0x01],
  },
  {
    name: "client-id-not-utf-8",
    title: "a client identifier that is not UTF-8 closes the connection",
    does: "sends a CONNECT whose identifier holds a lone surrogate, and waits for the close",
    rules: { "3.1.1": ["3.1.3-4"], "5.0": ["3.1.3-4", "1.5.4-1"] },
    bytes: (context) => connectOfUser(context, { payload: field([0x61, 0xed, 0xa0, 0x80]) }),
  },
  {
    name: "username-missing",
    title: "a CONNECT with the user name flag and no user name closes the connection",
    does: "sends a CONNECT with the user name flag set and no user name, and waits for the close",
    rules: { "3.1.1": ["3.1.2-19"], "5.0": ["3.1.2-17"] },
    bytes: (context) => connect(context, { flags: 0x82 }),
  },
  {
    name: "username-unannounced",
    title: "a CONNECT with a user name that its flags do not announce closes the connection",
    does: "sends a CONNECT with a user name and its flag at 0, and waits for the close",
    rules: { "3.1.1": ["3.1.2-18"], "5.0": ["3.1.2-16"] },
    bytes: (context) => connect(context, {}, field("somebody")),
  },
  {
    name: "username-not-utf-8",
    title: "a user name that is not UTF-8 closes the connection",
    does: "sends a CONNECT whose user name holds a lone surrogate, and waits for the close",
    rules: { "3.1.1": ["3.1.3-11"], "5.0": ["3.1.3-12"] },
    bytes: (context) => connect(context, { flags: 0x82 }, field([0x61, 0xed, 0xa0, 0x80])),
  },
  {
    name: "password-missing",
    title: "a CONNECT with the password flag and no password closes the connection",
    does: "sends a CONNECT with both flags set and a user name alone, and waits for the close",
    rules: { "3.1.1": ["3.1.2-21"], "5.0": ["3.1.2-19"] },
    bytes: (context) => connect(context, { flags: 0xc2 }, field("somebody")),
  },
  {
    name: "password-alone",
    title: "a password without a user name closes the connection",
    does: "sends a CONNECT with the password flag alone, and waits for the close",
    rules: { "3.1.1": ["3.1.2-22"] },
    bytes: (context) => connect(context, { flags: 0x42 }, field("secret")),
  },
  {
    name: "property-twice",
    title: "a property that occurs twice closes the connection",
    does: "sends a CONNECT with two Session Expiry Intervals, and waits for the close",
    rules: { "5.0": ["3.1.2.11.2", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1] }),
  },
  {
    name: "property-unknown",
    title: "an unknown property closes the connection",
    does: "sends a CONNECT with property 0x7F, and waits for the close",
    rules: { "5.0": ["2.2.2.2", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x7f, 0] }),
  },
  {
    name: "property-misplaced",
    title: "a property of another packet closes the connection",
    does: "sends a CONNECT with a Topic Alias, and waits for the close",
    rules: { "5.0": ["2.2.2.2", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x23, 0, 1] }),
  },
  {
    name: "receive-maximum-0",
    title: "a Receive Maximum of 0 closes the connection",
    does: "sends a CONNECT with Receive Maximum 0, and waits for the close",
    rules: { "5.0": ["3.1.2.11.3", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x21, 0, 0] }),
  },
  {
    name: "maximum-packet-size-0",
    title: "a Maximum Packet Size of 0 closes the connection",
    does: "sends a CONNECT with Maximum Packet Size 0, and waits for the close",
    rules: { "5.0": ["3.1.2.11.4", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x27, 0, 0, 0, 0] }),
  },
  {
    name: "problem-information-2",
    title: "a Request Problem Information that is neither 0 nor 1 closes the connection",
    does: "sends a CONNECT with Request Problem Information 2, and waits for the close",
    rules: { "5.0": ["3.1.2.11.7", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x17, 2] }),
  },
  {
    name: "authentication-data-alone",
    title: "Authentication Data without a method closes the connection",
    does: "sends a CONNECT with Authentication Data alone, and waits for the close",
    rules: { "5.0": ["3.1.2.11.10", "3.1.4-1"] },
    bytes: (context) => connectOfUser(context, { properties: [0x16, 0, 1, 0x61] }),
  },
];

const violation = { "3.1.1": ["4.8.0-1"], "5.0": ["4.13.1-1"] };

const packets: readonly Malformed[] = [
  {
    name: "packet-type-0",
    title: "a packet of type 0 closes the connection",
    does: "connects, sends 0x00 0x00, and waits for the close",
    rules: violation,
    bytes: () => [0x00, 0x00],
  },
  {
    name: "packet-type-15",
    title: "a packet of type 15 closes the connection; in 5.0, AUTH of a client without a method",
    does: "connects, sends 0xF0 0x00, and waits for the close",
    rules: { "3.1.1": ["4.8.0-1"], "5.0": ["4.13.1-1", "4.12.0-7"] },
    bytes: () => [0xf0, 0x00],
  },
  ...([["connack", 0x20], ["suback", 0x90], ["unsuback", 0xb0], ["pingresp", 0xd0]] as const).map(([name, first]) => ({
    name: `from-client-${name}`,
    title: `${name.toUpperCase()}, which only a server sends, closes the connection`,
    does: `connects, sends ${name.toUpperCase()}, and waits for the close`,
    rules: violation,
    bytes: ({ is5 }: CaseContext) => serverPacket(first, is5),
  })),
];

/** A packet that only a server sends, as one would send it. */
function serverPacket(first: number, is5: boolean): number[] {
  switch (first) {
    case 0x20:
      return frame(first, is5 ? [0, 0, 0] : [0, 0]);
    case 0x90:
      return frame(first, is5 ? [0, 1, 0, 0] : [0, 1, 0]);
    case 0xb0:
      return frame(first, is5 ? [0, 1, 0, 0] : [0, 1]);
    default:
      return frame(first, []);
  }
}

export const connectMalformedCases: readonly ConformanceCase[] = [
  ...connects.map((one) => asConnect("connect", one)),
  ...packets.map((one) => afterConnect("connect", one)),
];
