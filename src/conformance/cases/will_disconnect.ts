/** Wills and DISCONNECT: which one discards the will, and which ones do not. */
import { ReasonCode, reasonName } from "../../mqtt/reason.ts";
import type { ConformanceCase } from "../case/case.ts";
import { hexByte } from "../probe/packet_text.ts";
import { nothingComes } from "./nothing_comes.ts";

/** Codes of 0x80 and above that a client may send. Source: MQTT 5.0, table 3-10. */
const errorCodes: readonly number[] = [
  ReasonCode.unspecifiedError,
  ReasonCode.malformedPacket,
  ReasonCode.protocolError,
  ReasonCode.implementationSpecificError,
  ReasonCode.topicNameInvalid,
  ReasonCode.receiveMaximumExceeded,
  ReasonCode.topicAliasInvalid,
  ReasonCode.packetTooLarge,
  ReasonCode.messageRateTooHigh,
  ReasonCode.quotaExceeded,
  ReasonCode.administrativeAction,
  ReasonCode.payloadFormatInvalid,
];

function withCode(code: number): ConformanceCase {
  const codeText = `${hexByte(code)} (${reasonName(code, "disconnect")})`;
  return {
    id: `will/disconnect-${hexByte(code)}`,
    title: `DISCONNECT with ${codeText} keeps the will, which is sent once`,
    does: `connects with a will, sends DISCONNECT with ${hexByte(code)}, closes, and watches`,
    rules: { "5.0": ["3.1.2-8"] },
    deviations: code === ReasonCode.disconnectWithWill
      ? ["disconnect-any-code"]
      : ["disconnect-any-code", "disconnect-error"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.disconnect(code).close();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  };
}

interface Leaving {
  readonly name: string;
  readonly title: string;
  readonly does: string;
  readonly bytes: readonly number[];
}

/** DISCONNECT with 0x00, in each form that 5.0 allows. */
const leavings: readonly Leaving[] = [
  {
    name: "explicit",
    title: "a DISCONNECT with 0x00 and a property length discards the will",
    does: "sends DISCONNECT with reason code 0x00 and a property length of 0, and watches",
    bytes: [0xe0, 2, 0x00, 0x00],
  },
  {
    name: "code-alone",
    title: "a DISCONNECT with 0x00 and no property length discards the will",
    does: "sends DISCONNECT with reason code 0x00 alone, and watches",
    bytes: [0xe0, 1, 0x00],
  },
  {
    name: "reason-string",
    title: "a DISCONNECT with 0x00 and a reason string discards the will",
    does: "sends DISCONNECT with 0x00 and a reason string, and watches",
    bytes: [0xe0, 6, 0x00, 4, 0x1f, 0, 1, 0x61],
  },
];

interface Kept {
  readonly name: string;
  readonly what: string;
  readonly bytes: readonly number[];
  readonly deviations: readonly string[];
}

const reasonAndUser = [0x1f, 0, 1, 0x61, 0x26, 0, 1, 0x62, 0, 1, 0x63];

/** DISCONNECT with other codes than 0x00, in each other form that 5.0 allows. */
const kept: readonly Kept[] = [
  {
    name: "code-alone-0x04",
    what: "0x04 and no property length",
    bytes: [0xe0, 1, 0x04],
    deviations: ["disconnect-any-code", "disconnect-short"],
  },
  {
    name: "properties-0x04",
    what: "0x04, a reason string and a user property",
    bytes: [0xe0, 2 + reasonAndUser.length, 0x04, reasonAndUser.length, ...reasonAndUser],
    deviations: ["disconnect-any-code"],
  },
  {
    name: "code-alone-0x80",
    what: "0x80 and no property length",
    bytes: [0xe0, 1, 0x80],
    deviations: ["disconnect-any-code", "disconnect-error", "disconnect-short"],
  },
  {
    name: "properties-0x80",
    what: "0x80, a reason string and a user property",
    bytes: [0xe0, 2 + reasonAndUser.length, 0x80, reasonAndUser.length, ...reasonAndUser],
    deviations: ["disconnect-any-code", "disconnect-error"],
  },
];

export const willDisconnectCases: readonly ConformanceCase[] = [
  {
    id: "will/leave",
    title: "DISCONNECT discards the will",
    does: "connects with a will, sends DISCONNECT (in 5.0 with 0x00), waits for the close, and watches",
    rules: { "3.1.1": ["3.14.4-3", "3.1.2-10"], "5.0": ["3.14.4-3", "3.1.2-10"] },
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will() });
      client.disconnect();
      await client.expectClose();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/leave-reset",
    title: "a DISCONNECT discards the will even where RST follows it",
    does: "connects with a will, sends DISCONNECT, waits until the broker has read it, sends RST, and watches",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will() });
      client.disconnect();
      await context.pause(100);
      if (!client.over) client.reset();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/leave-pipelined",
    title: "CONNECT and DISCONNECT in one write discard the will",
    does: "sends CONNECT with a will and DISCONNECT at once, waits for the close, and watches",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    async run(context) {
      const watcher = await context.watcher();
      const client = context.dial().send(context.connectPacket({ will: context.will() }), { type: "disconnect" });
      await client.expectClose();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/leave-lasting",
    title: "DISCONNECT discards the will of a persistent session",
    does: "connects with a will in a persistent session, sends DISCONNECT, and watches",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will(), cleanStart: false, sessionExpiryS: 60 });
      client.disconnect();
      await client.expectClose();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/leave-delayed",
    title: "DISCONNECT discards a delayed will",
    does: "connects with a will delay of 1 s, sends DISCONNECT, and watches until well after the delay",
    rules: { "5.0": ["3.14.4-3"] },
    time: "clock",
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will({ delayIntervalS: 1 }), sessionExpiryS: 60 });
      client.disconnect();
      await client.expectClose();
      await nothingComes(context, watcher, { forMs: 1_000 + context.bounds.lateMs });
    },
  },
  {
    id: "will/leave-session-ends",
    title: "a will that was discarded is not sent when the session ends",
    does: "disconnects with a session of 1 s and a will delay of 60 s, and watches until well after its end",
    rules: { "5.0": ["3.14.4-3", "3.1.2-10"] },
    time: "clock",
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will({ delayIntervalS: 60 }), sessionExpiryS: 1 });
      client.disconnect();
      await client.expectClose();
      await nothingComes(context, watcher, { forMs: 1_000 + context.bounds.lateMs });
    },
  },
  ...leavings.map(({ name, title, does, bytes }): ConformanceCase => ({
    id: `will/leave-${name}`,
    title,
    does,
    rules: { "5.0": ["3.14.4-3"] },
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will() });
      client.sendBytes(bytes, "DISCONNECT with reason code 0x00");
      await client.expectClose();
      await nothingComes(context, watcher);
    },
  })),
  ...kept.map(({ name, what, bytes, deviations }): ConformanceCase => ({
    id: `will/disconnect-${name}`,
    title: `a DISCONNECT with ${what} keeps the will, which is sent once`,
    does: `connects with a will, sends DISCONNECT with ${what}, closes, and watches`,
    rules: { "5.0": ["3.1.2-8", "3.14.2.2.1"] },
    deviations,
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.sendBytes(bytes, `DISCONNECT with ${what}`).close();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  })),
  withCode(ReasonCode.disconnectWithWill),
  ...errorCodes.map(withCode),
  {
    id: "will/disconnect-undefined-code",
    title: "a DISCONNECT with a reason code that does not exist closes the connection, and the will is sent",
    does: "connects with a will, sends DISCONNECT with 0xff, waits for the close, and watches",
    rules: { "5.0": ["3.14.2-1", "3.1.2-8"] },
    deviations: ["disconnect-any-code", "disconnect-error", "disconnect-reserved-code"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.sendBytes([0xe0, 2, 0xff, 0x00], "DISCONNECT with reason code 0xff");
      await client.expectClose();
      await watcher.receives(will);
    },
  },
  {
    id: "will/disconnect-reserved-bits",
    title: "a DISCONNECT with reserved bits set closes the connection, and the will is sent",
    does: "connects with a will, sends a DISCONNECT that begins with 0xe1, waits for the close, and watches",
    rules: { "3.1.1": ["3.14.1-1", "3.1.2-8"], "5.0": ["3.14.1-1", "3.1.2-8"] },
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.sendBytes([0xe1, 0x00], "DISCONNECT with a reserved bit set");
      await client.expectClose();
      await watcher.receives(will);
    },
  },
  {
    id: "will/disconnect-raises-expiry",
    title: "a DISCONNECT that prolongs a session of 0 s is an error, and the will is sent",
    does: "connects with a session of 0 s, sends DISCONNECT with one of 60 s, waits for the close, and watches",
    rules: { "5.0": ["3.14.2.2.2", "4.13.1-1"] },
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.disconnect(0, { sessionExpiryIntervalS: 60 });
      await client.expectClose();
      await watcher.receives(will);
    },
  },
];
