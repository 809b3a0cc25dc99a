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
    async run(stage) {
      const client = stage.dial().send({ type: "pingreq" });
      await client.expectClose();
    },
  },
  {
    id: "connect/connack-first",
    title: "CONNACK is the first packet that the broker sends, and the only CONNACK",
    does: "resumes a session with a queued message, and checks the first packet",
    rules: { "3.1.1": ["3.2.0-1"], "5.0": ["3.2.0-1", "3.2.0-2"] },
    needs: ["qos1"],
    async run(stage) {
      const asked = { clientId: stage.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const message = stage.message({ qos: 1 });
      const away = (await stage.watcher(message.topic, asked)).requiresGranted(1, message.topic);
      away.disconnect();
      await away.expectClose();
      await (await stage.connect({ name: "publisher" })).publish(message);
      const back = stage.dial("back").send(stage.connectPacket(asked));
      const { type } = await back.next();
      stage.holds(type === "connack", `${type.toUpperCase()} came before CONNACK`);
      await back.receives(message);
      await back.silence(stage.bounds.silenceMs, ["connack"]);
    },
  },
  {
    id: "connect/client-id-23",
    title: "a client identifier of 23 letters and digits is accepted",
    does: "connects with such an identifier",
    rules: { "3.1.1": ["3.1.3-5"], "5.0": ["3.1.3-5"] },
    async run(stage) {
      const clientId = stage.clientId().padEnd(23, "Az09");
      await stage.connect({ clientId });
    },
  },
  {
    id: "connect/client-id-empty",
    title: "the broker assigns an identifier to a client without one, or refuses it",
    does: "connects with an empty identifier and a clean session; in 5.0 checks the assigned one",
    rules: { "3.1.1": ["3.1.3-6"], "5.0": ["3.1.3-6", "3.1.3-7", "3.2.2-16"] },
    async run(stage) {
      const client = stage.dial().send(stage.connectPacket({ clientId: "" }));
      // In 3.1.1 a refusal is a CONNACK with 0x02; in 5.0 it may be the close alone. [MQTT311 3.1.3-9] [MQTT5 3.1.3-8]
      const answer = client.expect("connack");
      const connack = await (stage.is5 ? stage.withinLimits("a client without an identifier", answer) : answer);
      stage.requires(
        connack.reasonCode === 0,
        "the broker accepts no client without an identifier, which the standard permits",
      );
      const assigned = connack.properties?.assignedClientIdentifier ?? "";
      if (stage.is5) stage.holds(assigned !== "", "CONNACK has no Assigned Client Identifier");
      await client.ping();
    },
  },
  {
    id: "connect/client-id-assigned",
    title: "assigned identifiers differ",
    does: "connects twice with an empty identifier, and compares the assigned ones",
    rules: { "5.0": ["3.1.3-6", "3.2.2-16"] },
    async run(stage) {
      const assigned: (string | undefined)[] = [];
      for (const name of ["first", "second"]) {
        const client = stage.dial(name).send(stage.connectPacket({ clientId: "" }));
        const connack = await stage.withinLimits("a client without an identifier", client.expect("connack"));
        stage.requires(
          connack.reasonCode === 0,
          "the broker accepts no client without an identifier, which the standard permits",
        );
        assigned.push(connack.properties?.assignedClientIdentifier);
      }
      stage.holds(assigned[0] !== assigned[1], `both clients were assigned ${JSON.stringify(assigned[0])}`);
    },
  },
  {
    id: "connect/client-id-empty-session",
    title: "a client without identifier and with Clean Session 0 is refused with 0x02",
    does: "connects with an empty identifier and Clean Session 0, and checks the CONNACK",
    rules: { "3.1.1": ["3.1.3-8"] },
    async run(stage) {
      const client = stage.dial().send(stage.connectPacket({ clientId: "", cleanStart: false }));
      const { connack } = await client.expectRefused();
      stage.holds(connack?.reasonCode === 0x02, `CONNACK has ${connack?.reasonCode ?? "not come"}, not 0x02`);
    },
  },
  {
    id: "connect/level-unknown",
    title: "the broker refuses an unknown protocol level with a CONNACK and closes the connection",
    does: "sends a CONNECT with protocol level 0x63, and expects a CONNACK and the close",
    rules: { "3.1.1": ["3.1.2-2"] },
    async run(stage) {
      const client = stage.dial();
      const body = [...field("MQTT"), 0x63, 0x02, 0, 60, ...field(stage.clientId())];
      client.sendBytes(frame(0x10, body), "CONNECT with protocol level 0x63");
      const isAnswered = await refusedInAnyForm(client);
      stage.holds(isAnswered, "the connection was closed without a CONNACK");
    },
  },
  {
    id: "connect/protocol-name",
    title: "the broker refuses a protocol name other than MQTT",
    does: "sends a CONNECT for MQTZ, and waits for the close",
    rules: { "3.1.1": ["3.1.2-1"], "5.0": ["3.1.2-1"] },
    async run(stage) {
      const client = stage.dial();
      const payload = field(stage.clientId());
      client.sendBytes(connectFrame({ version: stage.version, protocolName: "MQTZ", payload }), "CONNECT for MQTZ");
      await refusedInAnyForm(client);
    },
  },
  {
    id: "connect/session-present-clean",
    title: "a clean session: CONNACK has Session Present 0",
    does: "creates a session, connects with Clean Start 1, and checks Session Present",
    rules: { "3.1.1": ["3.2.2-1"], "5.0": ["3.2.2-2"] },
    async run(stage) {
      const clientId = stage.clientId();
      const first = await stage.connect({ clientId, cleanStart: false, sessionExpiryS: 60 });
      first.disconnect();
      await first.expectClose();
      const { connack } = await stage.connect({ clientId, cleanStart: true });
      stage.holds(!connack!.sessionPresent, "Session Present is 1 for a clean session");
    },
  },
  {
    id: "connect/session-present-resumed",
    title: "a resumed session: CONNACK has Session Present 1",
    does: "creates a session, connects with Clean Start 0, and checks Session Present",
    rules: { "3.1.1": ["3.2.2-2"], "5.0": ["3.2.2-3"] },
    async run(stage) {
      const asked = { clientId: stage.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const first = await stage.connect(asked);
      first.disconnect();
      await first.expectClose();
      const { connack } = await stage.connect(asked);
      stage.holds(connack!.sessionPresent, "Session Present is 0 for an existing session");
    },
  },
  {
    id: "connect/session-present-none",
    title: "no stored session: CONNACK has Session Present 0",
    does: "connects with Clean Start 0 and a new identifier, and checks Session Present",
    rules: { "3.1.1": ["3.2.2-3"], "5.0": ["3.2.2-3", "3.1.2-6"] },
    async run(stage) {
      const { connack } = await stage.connect({ cleanStart: false, sessionExpiryS: 60 });
      stage.holds(!connack!.sessionPresent, "Session Present is 1 for a new client");
    },
  },
  {
    id: "connect/wrong-password",
    title: "wrong credentials are refused: a CONNACK with Session Present 0 if any, and the connection is closed",
    does: "connects with a wrong password, and checks the CONNACK and the close",
    rules: { "3.1.1": ["3.2.2-4", "3.2.2-5"], "5.0": ["3.1.4-2", "3.2.2-6", "3.2.2-7"] },
    needs: ["login"],
    async run(stage) {
      const login = await refusedLoginOf(stage);
      const client = stage.dial().send(stage.connectPacket(login));
      const { connack } = await client.expectRefused();
      stage.holds(client.ended?.how.kind !== "malformed", `the refusal cannot be read: ${endText(client.ended!)}`);
      stage.holds(connack?.sessionPresent !== true, "Session Present is 1 in a CONNACK that refuses");
    },
  },
  {
    id: "connect/refused-unheard",
    title: "the broker does not process packets after a refused CONNECT",
    does: "sends a CONNECT with a wrong password and a PUBLISH in one write, and watches",
    rules: { "3.1.1": ["3.1.4-5"], "5.0": ["3.1.4-6"] },
    needs: ["login"],
    async run(stage) {
      const login = await refusedLoginOf(stage);
      const message = stage.message({ qos: 0 });
      const watcher = await stage.watcher(message.topic);
      const client = stage.dial();
      client.send(stage.connectPacket(login), { type: "publish", dup: false, ...message });
      await client.expectRefused();
      await nothingComes(stage, watcher, { topic: message.topic });
    },
  },
  {
    id: "connect/pipelined",
    title: "the broker processes packets that a client sends before its CONNACK",
    does: "sends a CONNECT and a PUBLISH in one write, and waits for the message",
    rules: { "3.1.1": ["3.1.4-4"], "5.0": ["3.1.4-5"] },
    async run(stage) {
      const message = stage.message({ qos: 0 });
      const watcher = await stage.watcher(message.topic);
      stage.dial().send(stage.connectPacket(), { type: "publish", dup: false, ...message });
      await watcher.receives(message);
    },
  },
  {
    id: "connect/byte-by-byte",
    title: "the broker reads a CONNECT sent byte by byte",
    does: "sends a CONNECT in writes of one byte, and waits for the CONNACK",
    rules: { "3.1.1": ["3.1.4-4"], "5.0": ["4.2-1"] },
    async run(stage) {
      const client = stage.dial();
      for (const byte of stage.connectBytes()) {
        client.sendBytes([byte], "a byte of CONNECT");
        await stage.pause(1);
      }
      const { reasonCode } = await client.expect("connack");
      stage.holds(reasonCode === 0, `the CONNECT was refused with ${reasonCode}`);
    },
  },
  {
    id: "connect/takeover",
    title:
      "a second client with the same identifier: the broker closes the first connection, in 5.0 with 0x8E or no DISCONNECT",
    does:
      "connects twice with one identifier, waits for the end of the first connection, and in 5.0 checks the DISCONNECT",
    rules: { "3.1.1": ["3.1.4-2"], "5.0": ["3.1.4-3"] },
    async run(stage) {
      const clientId = stage.clientId();
      const first = await stage.connect({ clientId, name: "first" });
      const second = await stage.connect({ clientId, name: "second" });
      const { disconnect } = await first.expectClose();
      // The close is required; a DISCONNECT before it is not. 3.1.1 has no reason code that could be wrong.
      if (stage.is5 && disconnect === undefined) stage.note("the first connection was closed without DISCONNECT");
      if (stage.is5 && disconnect !== undefined) {
        const { reasonCode = 0 } = disconnect;
        const fault = { kind: "wrong code", code: reasonCode } as const;
        stage.holds(reasonCode === 0x8e, `the first connection got DISCONNECT ${hexByte(reasonCode)}, not 0x8e`, fault);
      }
      await second.ping();
    },
  },
  {
    id: "connect/authentication-method-unknown",
    title: "an unknown Authentication Method is refused, and the connection is closed",
    does: "connects with an unknown Authentication Method, and waits for the close",
    rules: { "5.0": ["4.12.0-1"] },
    async run(stage) {
      const properties = { authenticationMethod: stage.text() };
      await stage.dial().send(stage.connectPacket({ properties })).expectRefused();
    },
  },
  {
    id: "connect/response-information-unasked",
    title: "Response Information is not sent to a client that does not request it",
    does: "connects with Request Response Information 0, and checks the CONNACK",
    rules: { "5.0": ["3.1.2-28"] },
    async run(stage) {
      const { connack } = await stage.connect({ properties: { requestResponseInformation: false } });
      const told = connack?.properties?.responseInformation;
      stage.holds(told === undefined, `CONNACK has Response Information ${JSON.stringify(told)}`);
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
