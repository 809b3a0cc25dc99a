/** CONNECT and CONNACK: the clients that the broker accepts or refuses, and the forms of its answer. */
import { connectFrame, field, frame } from "../probe/raw_packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import { hexByte } from "../probe/packet_text.ts";
import type { Probe } from "../probe/probe.ts";
import { endText } from "../probe/probe_end.ts";
import { refusedLoginOf } from "./wrong_login.ts";
import { nothingComes } from "./nothing_comes.ts";

export const connectCases: readonly ConformanceCase[] = [
  {
    id: "connect/first-packet",
    title: "a first packet other than CONNECT closes the connection",
    does: "opens a link, sends PINGREQ, and waits for the close",
    rules: { "3.1.1": ["3.1.0-1"], "5.0": ["3.1.0-1"] },
    async run(context) {
      const client = context.dial().send({ type: "pingreq" });
      await client.expectClose();
    },
  },
  {
    id: "connect/connack-first",
    title: "CONNACK is the first packet that the broker sends, and the only CONNACK",
    does: "resumes a session with a queued message, and checks the first packet",
    rules: { "3.1.1": ["3.2.0-1"], "5.0": ["3.2.0-1", "3.2.0-2"] },
    needs: ["qos1"],
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const message = context.message({ qos: 1 });
      const away = (await context.watcher(message.topic, asked)).requiresGranted(1, message.topic);
      away.disconnect();
      await away.expectClose();
      await (await context.connect({ name: "publisher" })).publish(message);
      const back = context.dial("back").send(context.connectPacket(asked));
      const { type } = await back.next();
      context.holds(type === "connack", `${type.toUpperCase()} came before CONNACK`);
      await back.receives(message);
      await back.silence(context.bounds.silenceMs, ["connack"]);
    },
  },
  {
    id: "connect/client-id-23",
    title: "a client identifier of 23 letters and digits is accepted",
    does: "connects with such an identifier",
    rules: { "3.1.1": ["3.1.3-5"], "5.0": ["3.1.3-5"] },
    async run(context) {
      const clientId = context.clientId().padEnd(23, "Az09");
      await context.connect({ clientId });
    },
  },
  {
    id: "connect/client-id-empty",
    title: "the broker assigns an identifier to a client without one, or refuses it",
    does: "connects with an empty identifier and a clean session; in 5.0 checks the assigned one",
    rules: { "3.1.1": ["3.1.3-6"], "5.0": ["3.1.3-6", "3.1.3-7", "3.2.2-16"] },
    async run(context) {
      const client = context.dial().send(context.connectPacket({ clientId: "" }));
      // In 3.1.1 a refusal is a CONNACK with 0x02; in 5.0 it may be the close alone. [MQTT311 3.1.3-9] [MQTT5 3.1.3-8]
      const answer = client.expect("connack");
      const connack = await (context.is5 ? context.withinLimits("a client without an identifier", answer) : answer);
      context.requires(
        connack.reasonCode === 0,
        "the broker accepts no client without an identifier, which the standard permits",
      );
      const assigned = connack.properties?.assignedClientIdentifier ?? "";
      if (context.is5) context.holds(assigned !== "", "CONNACK has no Assigned Client Identifier");
      await client.ping();
    },
  },
  {
    id: "connect/client-id-assigned",
    title: "assigned identifiers differ",
    does: "connects twice with an empty identifier, and compares the assigned ones",
    rules: { "5.0": ["3.1.3-6", "3.2.2-16"] },
    async run(context) {
      const assigned: (string | undefined)[] = [];
      for (const name of ["first", "second"]) {
        const client = context.dial(name).send(context.connectPacket({ clientId: "" }));
        const connack = await context.withinLimits("a client without an identifier", client.expect("connack"));
        context.requires(
          connack.reasonCode === 0,
          "the broker accepts no client without an identifier, which the standard permits",
        );
        assigned.push(connack.properties?.assignedClientIdentifier);
      }
      context.holds(assigned[0] !== assigned[1], `both clients were assigned ${JSON.stringify(assigned[0])}`);
    },
  },
  {
    id: "connect/client-id-empty-session",
    title: "a client without identifier and with Clean Session 0 is refused with 0x02",
    does: "connects with an empty identifier and Clean Session 0, and checks the CONNACK",
    rules: { "3.1.1": ["3.1.3-8"] },
    async run(context) {
      const client = context.dial().send(context.connectPacket({ clientId: "", cleanStart: false }));
      const { connack } = await client.expectRefused();
      context.holds(connack?.reasonCode === 0x02, `CONNACK has ${connack?.reasonCode ?? "not come"}, not 0x02`);
    },
  },
  {
    id: "connect/level-unknown",
    title: "the broker refuses an unknown protocol level with a CONNACK and closes the connection",
    does: "sends a CONNECT with protocol level 0x63, and expects a CONNACK and the close",
    rules: { "3.1.1": ["3.1.2-2"] },
    async run(context) {
      const client = context.dial();
      const body = [...field("MQTT"), 0x63, 0x02, 0, 60, ...field(context.clientId())];
      client.sendBytes(frame(0x10, body), "CONNECT with protocol level 0x63");
      const isAnswered = await refusedInAnyForm(client);
      context.holds(isAnswered, "the connection was closed without a CONNACK");
    },
  },
  {
    id: "connect/protocol-name",
    title: "the broker refuses a protocol name other than MQTT",
    does: "sends a CONNECT for MQTZ, and waits for the close",
    rules: { "3.1.1": ["3.1.2-1"], "5.0": ["3.1.2-1"] },
    async run(context) {
      const client = context.dial();
      const payload = field(context.clientId());
      client.sendBytes(connectFrame({ version: context.version, protocolName: "MQTZ", payload }), "CONNECT for MQTZ");
      await refusedInAnyForm(client);
    },
  },
  {
    id: "connect/session-present-clean",
    title: "a clean session: CONNACK has Session Present 0",
    does: "creates a session, connects with Clean Start 1, and checks Session Present",
    rules: { "3.1.1": ["3.2.2-1"], "5.0": ["3.2.2-2"] },
    async run(context) {
      const clientId = context.clientId();
      const first = await context.connect({ clientId, cleanStart: false, sessionExpiryS: 60 });
      first.disconnect();
      await first.expectClose();
      const { connack } = await context.connect({ clientId, cleanStart: true });
      context.holds(!connack!.sessionPresent, "Session Present is 1 for a clean session");
    },
  },
  {
    id: "connect/session-present-resumed",
    title: "a resumed session: CONNACK has Session Present 1",
    does: "creates a session, connects with Clean Start 0, and checks Session Present",
    rules: { "3.1.1": ["3.2.2-2"], "5.0": ["3.2.2-3"] },
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const first = await context.connect(asked);
      first.disconnect();
      await first.expectClose();
      const { connack } = await context.connect(asked);
      context.holds(connack!.sessionPresent, "Session Present is 0 for an existing session");
    },
  },
  {
    id: "connect/session-present-none",
    title: "no stored session: CONNACK has Session Present 0",
    does: "connects with Clean Start 0 and a new identifier, and checks Session Present",
    rules: { "3.1.1": ["3.2.2-3"], "5.0": ["3.2.2-3", "3.1.2-6"] },
    async run(context) {
      const { connack } = await context.connect({ cleanStart: false, sessionExpiryS: 60 });
      context.holds(!connack!.sessionPresent, "Session Present is 1 for a new client");
    },
  },
  {
    id: "connect/wrong-password",
    title: "wrong credentials are refused: a CONNACK with Session Present 0 if any, and the connection is closed",
    does: "connects with a wrong password, and checks the CONNACK and the close",
    rules: { "3.1.1": ["3.2.2-4", "3.2.2-5"], "5.0": ["3.1.4-2", "3.2.2-6", "3.2.2-7"] },
    needs: ["login"],
    async run(context) {
      const login = await refusedLoginOf(context);
      const client = context.dial().send(context.connectPacket(login));
      const { connack } = await client.expectRefused();
      context.holds(client.ended?.how.kind !== "malformed", `the refusal cannot be read: ${endText(client.ended!)}`);
      context.holds(connack?.sessionPresent !== true, "Session Present is 1 in a CONNACK that refuses");
    },
  },
  {
    id: "connect/refused-unheard",
    title: "the broker does not process packets after a refused CONNECT",
    does: "sends a CONNECT with a wrong password and a PUBLISH in one write, and watches",
    rules: { "3.1.1": ["3.1.4-5"], "5.0": ["3.1.4-6"] },
    needs: ["login"],
    async run(context) {
      const login = await refusedLoginOf(context);
      const message = context.message({ qos: 0 });
      const watcher = await context.watcher(message.topic);
      const client = context.dial();
      client.send(context.connectPacket(login), { type: "publish", dup: false, ...message });
      await client.expectRefused();
      await nothingComes(context, watcher, { topic: message.topic });
    },
  },
  {
    id: "connect/pipelined",
    title: "the broker processes packets that a client sends before its CONNACK",
    does: "sends a CONNECT and a PUBLISH in one write, and waits for the message",
    rules: { "3.1.1": ["3.1.4-4"], "5.0": ["3.1.4-5"] },
    async run(context) {
      const message = context.message({ qos: 0 });
      const watcher = await context.watcher(message.topic);
      context.dial().send(context.connectPacket(), { type: "publish", dup: false, ...message });
      await watcher.receives(message);
    },
  },
  {
    id: "connect/byte-by-byte",
    title: "the broker reads a CONNECT sent byte by byte",
    does: "sends a CONNECT in writes of one byte, and waits for the CONNACK",
    rules: { "3.1.1": ["3.1.4-4"], "5.0": ["4.2-1"] },
    async run(context) {
      const client = context.dial();
      for (const byte of context.connectBytes()) {
        client.sendBytes([byte], "a byte of CONNECT");
        await context.pause(1);
      }
      const { reasonCode } = await client.expect("connack");
      context.holds(reasonCode === 0, `the CONNECT was refused with ${reasonCode}`);
    },
  },
  {
    id: "connect/takeover",
    title:
      "a second client with the same identifier: the broker closes the first connection, in 5.0 with 0x8E or no DISCONNECT",
    does:
      "connects twice with one identifier, waits for the end of the first connection, and in 5.0 checks the DISCONNECT",
    rules: { "3.1.1": ["3.1.4-2"], "5.0": ["3.1.4-3"] },
    async run(context) {
      const clientId = context.clientId();
      const first = await context.connect({ clientId, name: "first" });
      const second = await context.connect({ clientId, name: "second" });
      const { disconnect } = await first.expectClose();
      // The close is required; a DISCONNECT before it is not. 3.1.1 has no reason code that could be wrong.
      if (context.is5 && disconnect === undefined) context.note("the first connection was closed without DISCONNECT");
      if (context.is5 && disconnect !== undefined) {
        const { reasonCode = 0 } = disconnect;
        const fault = { kind: "wrong code", code: reasonCode } as const;
        context.holds(
          reasonCode === 0x8e,
          `the first connection got DISCONNECT ${hexByte(reasonCode)}, not 0x8e`,
          fault,
        );
      }
      await second.ping();
    },
  },
  {
    id: "connect/authentication-method-unknown",
    title: "an unknown Authentication Method is refused, and the connection is closed",
    does: "connects with an unknown Authentication Method, and waits for the close",
    rules: { "5.0": ["4.12.0-1"] },
    async run(context) {
      const properties = { authenticationMethod: context.text() };
      await context.dial().send(context.connectPacket({ properties })).expectRefused();
    },
  },
  {
    id: "connect/response-information-unasked",
    title: "Response Information is not sent to a client that does not request it",
    does: "connects with Request Response Information 0, and checks the CONNACK",
    rules: { "5.0": ["3.1.2-28"] },
    async run(context) {
      const { connack } = await context.connect({ properties: { requestResponseInformation: false } });
      const information = connack?.properties?.responseInformation;
      context.holds(information === undefined, `CONNACK has Response Information ${JSON.stringify(information)}`);
    },
  },
];

/**
 * The broker refuses, by a CONNACK or without one; a server that does not know the protocol answers in the form of
 * either version. Returns whether there was a CONNACK.
 */
async function refusedInAnyForm(client: Probe): Promise<boolean> {
  client.judgesPackets = false;
  try {
    const { connack } = await client.expectRefused();
    return connack !== undefined;
  } catch (error) {
    if (client.ended?.how.kind === "malformed") return true;
    throw error;
  }
}
