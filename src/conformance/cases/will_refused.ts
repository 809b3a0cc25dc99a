/** Wills of clients that the broker refuses, or whose will topic it does not authorize. */
import type { ConformanceCase } from "../case/case.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";
import { refusedLoginOf, type WrongLogin } from "./wrong_login.ts";
import { nothingComes } from "./nothing_comes.ts";

/** Sends a CONNECT with a login that the broker refuses, and a will; the control comes first. */
async function refusedLogin(
  context: CaseContext,
  login: WrongLogin,
  clientId: string,
  more: Uint8Array = new Uint8Array(),
) {
  const bytes = context.connectBytes({ clientId, will: context.will(), ...login });
  const client = context.dial("intruder").sendBytes([...bytes, ...more], "CONNECT with a wrong login and a will");
  await client.expectRefused();
}

/** Whether a message comes within a time; others on its topic, which may be shared, do not count. */
async function comesTo(context: CaseContext, watcher: Probe, { payload }: SentMessage): Promise<boolean> {
  await context.pause(context.bounds.silenceMs);
  context.requires(!watcher.over, "the connection of the watcher ended, so the case proves nothing");
  const came = watcher.take("publish").map((publish) => publish.payload);
  return came.some((each) => each.length === payload.length && each.every((byte, at) => byte === payload[at]));
}

export const willRefusedCases: readonly ConformanceCase[] = [
  {
    id: "will/refused-login",
    title: "a refused login sends no will",
    does: "sends a CONNECT with a will and a wrong login, waits for the refusal and the close, and watches",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.4-2"] },
    needs: ["login"],
    async run(context) {
      const login = await refusedLoginOf(context);
      const watcher = await context.watcher();
      await refusedLogin(context, login, context.clientId());
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/refused-login-pipelined",
    title: "the broker does not process packets of a refused client",
    does: "sends a CONNECT with a wrong login and a PUBLISH in one write, and watches for the message and the will",
    rules: { "3.1.1": ["3.1.4-5"], "5.0": ["3.1.4-6"] },
    needs: ["login"],
    async run(context) {
      const login = await refusedLoginOf(context);
      const watcher = await context.watcher();
      const message = context.encoded({ type: "publish", dup: false, ...context.message({ qos: 0 }) });
      await refusedLogin(context, login, context.clientId(), message);
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/refused-login-bystander",
    title: "a refused CONNECT with the client id of a connected client neither ends it nor sends its will",
    does: "connects with a will, sends a CONNECT with the same client id and a wrong login, and watches",
    rules: { "3.1.1": ["3.1.4-5"], "5.0": ["3.1.4-6"] },
    needs: ["login"],
    async run(context) {
      const login = await refusedLoginOf(context);
      const clientId = context.clientId();
      const watcher = await context.watcher();
      const living = await context.connect({ name: "living", clientId, will: context.will() });
      await refusedLogin(context, login, clientId);
      await nothingComes(context, watcher);
      await living.ping();
    },
  },
  {
    id: "will/refused-login-keeps-delayed",
    title: "a refused CONNECT does not resume a session: its delayed will is sent",
    does: "resets a client with a will delay of 1 s, sends a wrong login with its client id, and waits for the will",
    rules: { "5.0": ["3.1.4-6", "3.1.2-8"] },
    needs: ["login"],
    time: "clock",
    deviations: ["delay-by-the-second"],
    async run(context) {
      const login = await refusedLoginOf(context);
      const clientId = context.clientId();
      const will = context.will({ delayIntervalS: 1 });
      const watcher = await context.watcher();
      const client = await context.connect({ clientId, will, sessionExpiryS: 60 });
      client.reset();
      await refusedLogin(context, login, clientId);
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000 });
    },
  },
  {
    id: "will/refused-level",
    title: "a CONNECT with an undefined protocol level sends no will",
    does: "sends a CONNECT with a will and level 9, waits for the close, and watches",
    rules: { "3.1.1": ["3.1.2-2"], "5.0": ["3.1.2-2"] },
    async run(context) {
      const watcher = await context.watcher();
      const bytes = context.connectBytes({ will: context.will() });
      bytes[8] = 9;
      const client = context.dial();
      client.reads = false; // the answer may be of any version
      await client.sendBytes(bytes, "CONNECT with a will, level 9").expectClose();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/refused-reserved-flag",
    title: "a CONNECT with the reserved flag set sends no will",
    does: "sends a CONNECT with a will and bit 0 of its flags set, waits for the close, and watches",
    rules: { "3.1.1": ["3.1.2-3"], "5.0": ["3.1.2-3"] },
    async run(context) {
      const watcher = await context.watcher();
      const bytes = context.connectBytes({ will: context.will() });
      bytes[9]! |= 0x01;
      await context.dial().sendBytes(bytes, "CONNECT with a will and the reserved flag").expectRefused();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/refused-empty-id",
    title: "a CONNECT with an empty client id and Clean Session 0 is refused, and sends no will",
    does: "sends such a CONNECT with a will, waits for return code 2 and the close, and watches",
    rules: { "3.1.1": ["3.1.3-8"] },
    async run(context) {
      const watcher = await context.watcher();
      const client = context.dial().send({
        ...context.connectPacket({ will: context.will(), clientId: "" }),
        cleanStart: false,
      });
      const { connack } = await client.expectRefused();
      const code = connack === undefined ? "there was no CONNACK" : `CONNACK has return code ${connack.reasonCode}`;
      context.holds(connack?.reasonCode === 2, `${code}, expected 2`);
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/empty-id",
    title: "the will of a client with an assigned id is sent",
    does: "connects with an empty client id, a clean start and a will, sends RST, and watches",
    rules: { "3.1.1": ["3.1.3-6"], "5.0": ["3.1.3-6", "3.1.3-7"] },
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = context.dial().send(context.connectPacket({ will, clientId: "" }));
      const { reasonCode } = await context.withinLimits("a client without an id", client.expect("connack"));
      context.requires(reasonCode === 0, "the broker accepts no client without an id, which the standard permits");
      client.reset();
      await watcher.receives(will);
    },
  },
  {
    id: "will/denied-topic",
    title: "a will on a topic that the client may not publish to is not sent",
    does: "checks that a PUBLISH to it does not come, connects with such a will, sends RST if accepted, and watches",
    rules: { "3.1.1": ["5.4.2"], "5.0": ["5.4.2"] },
    needs: ["denied-topic"],
    deviations: ["will-acl"],
    async run(context) {
      const topic = context.deniedTopic;
      const watcher = await context.withinLimits("a subscription to the denied topic", context.watcher(topic));
      const message = context.message({ topic });
      const publisher = await context.connect({ name: "publisher" });
      publisher.send({ type: "publish", dup: false, ...message, ...message.qos > 0 && { packetId: 1 } });
      const isDenied = !await comesTo(context, watcher, message);
      context.requires(isDenied, "the broker does not deny it: a message that this login published to the topic came");
      const will = context.will({ topic });
      const client = context.dial().send(context.connectPacket({ will }));
      const isRefused = await client.isRefused();
      if (!isRefused) client.reset();
      context.note(isRefused ? "the CONNECT was refused" : "the CONNECT was accepted");
      context.holds(!await comesTo(context, watcher, will), "the will came, although messages on its topic are denied");
    },
  },
];
