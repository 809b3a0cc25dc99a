/** DISCONNECT and the end of a connection, except for wills. */
import type { ConformanceCase } from "../case/case.ts";
import { frame } from "../probe/raw_packet.ts";
import { afterConnect, type Malformed } from "./malformed.ts";

const malformed: readonly Malformed[] = [
  {
    name: "reserved-bits",
    title: "a DISCONNECT with reserved bits set closes the connection",
    does: "connects, sends a DISCONNECT that begins with 0xE1, and waits for the close",
    rules: { "3.1.1": ["3.14.1-1"], "5.0": ["3.14.1-1"] },
    bytes: () => [0xe1, 0x00],
  },
  {
    name: "reason-unknown",
    title: "a DISCONNECT with an undefined reason code closes the connection",
    does: "connects, sends a DISCONNECT with reason code 0x7F, and waits for the close",
    rules: { "5.0": ["3.14.2-1", "4.13.1-1"] },
    bytes: () => frame(0xe0, [0x7f, 0]),
  },
  {
    name: "pingreq-reserved-bits",
    title: "a PINGREQ with reserved bits set closes the connection",
    does: "connects, sends a PINGREQ that begins with 0xC1, and waits for the close",
    rules: { "3.1.1": ["2.2.2-2"], "5.0": ["2.1.3-1", "4.13.1-1"] },
    bytes: () => [0xc1, 0x00],
  },
];

export const disconnectCases: readonly ConformanceCase[] = [
  {
    id: "disconnect/closes",
    title: "after DISCONNECT the broker closes the connection and sends nothing more",
    does: "sends DISCONNECT, leaves the link open, and waits for the close",
    rules: { "3.1.1": ["3.14.4"], "5.0": ["3.14.4"] },
    async run(context) {
      const client = await context.connect();
      client.disconnect();
      const { disconnect } = await client.expectClose();
      context.holds(disconnect === undefined, "the broker answered DISCONNECT with a DISCONNECT");
    },
  },
  {
    id: "disconnect/session-expiry-from-0",
    title: "DISCONNECT cannot prolong a session that ends with its connection",
    does: "connects with Session Expiry 0, sends DISCONNECT with 60 s, and checks that the session has ended",
    rules: { "5.0": ["3.14.2.2.2"] },
    async run(context) {
      const clientId = context.clientId();
      const client = await context.connect({ clientId, sessionExpiryS: 0 });
      client.disconnect(0, { sessionExpiryIntervalS: 60 });
      await client.expectClose();
      const { connack } = await context.connect({ clientId, cleanStart: false, name: "back" });
      context.holds(!connack!.sessionPresent, "Session Present is 1: the session was prolonged");
    },
  },
  {
    id: "disconnect/session-expiry-to-0",
    title: "DISCONNECT can end a persistent session",
    does: "connects with Session Expiry 60 s, sends DISCONNECT with 0, and checks that the session has ended",
    rules: { "5.0": ["3.14.2.2.2"] },
    async run(context) {
      const clientId = context.clientId();
      const client = await context.connect({ clientId, sessionExpiryS: 60 });
      client.disconnect(0, { sessionExpiryIntervalS: 0 });
      await client.expectClose();
      const { connack } = await context.connect({ clientId, cleanStart: false, name: "back" });
      context.holds(!connack!.sessionPresent, "Session Present is 1: the session was kept");
    },
  },
  ...malformed.map((one) => afterConnect("disconnect", one)),
];
