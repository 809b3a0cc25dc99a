/**
 * The control arm: before anything is judged, a message and a will that must arrive do arrive. Without it a watcher that
 * hears nothing passes every case in which nothing may be heard.
 */
import type { ConnackPacket } from "../mqtt/packet.ts";
import type { BrokerFacts, Protocol } from "./case.ts";
import { CaseFailure } from "./outcome.ts";
import { hexByte } from "./packet_text.ts";
import type { Probe } from "./probe.ts";
import { endText } from "./probe_end.ts";
import type { ControlResult } from "./result.ts";
import type { Stage } from "./stage.ts";

/** What the control arm of a version found, and what the broker said of itself. */
export interface Controlled {
  readonly result: ControlResult;
  readonly facts: BrokerFacts;
}

/** Does it, in one version. */
export async function runControl(stage: Stage, protocol: Protocol): Promise<Controlled> {
  try {
    const greeted = await greet(stage);
    if (typeof greeted === "string") {
      return {
        result: { protocol, outcome: "not spoken", reason: greeted },
        facts: { spoken: false, reason: greeted },
      };
    }
    await seeBoth(stage);
    return { result: { protocol, outcome: "pass" }, facts: { spoken: true, connack: greeted } };
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    const transcript = stage.transcript.all();
    const reason = error.message;
    return { result: { protocol, outcome: "fail", reason, transcript }, facts: { spoken: false, reason } };
  }
}

/** The first CONNACK; a sentence where the broker does not speak the version. */
async function greet(stage: Stage): Promise<ConnackPacket | string> {
  const probe = stage.dial("greeter").send(stage.connectPacket());
  const connack = await firstAnswer(probe);
  if (typeof connack === "string") return connack;
  probe.disconnect().close();
  if (connack.reasonCode === 0) return connack;
  // A server answers a level that it does not know with 1 or 0x84. [MQTT311 3.1.2-2] [MQTT5 3.1.2-2]
  const told = `the broker refused a CONNECT with ${hexByte(connack.reasonCode)}`;
  if (connack.reasonCode === 1 || connack.reasonCode === 0x84) return told;
  throw new CaseFailure(told);
}

/** CONNACK; or why the broker is held not to speak the version: it closed, or answered what is no packet of it. */
async function firstAnswer(probe: Probe): Promise<ConnackPacket | string> {
  try {
    return await probe.expect("connack");
  } catch (error) {
    const end = probe.ended;
    if (!(error instanceof CaseFailure) || end === undefined || end.how.kind === "error") throw error;
    return endText(end);
  }
}

async function seeBoth(stage: Stage): Promise<void> {
  const watcher = await stage.watcher();
  const message = stage.message({ qos: 0 });
  const publisher = await stage.connect({ name: "publisher" });
  await publisher.publish(message);
  await seen(() => watcher.receives(message), "a message that was published did not reach the watcher");
  const will = stage.will({ qos: 0 });
  const client = await stage.connect({ will });
  client.reset();
  await seen(() => watcher.receives(will), "the will of a client that was reset did not reach the watcher");
}

async function seen(look: () => Promise<unknown>, otherwise: string): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (error instanceof CaseFailure) throw new CaseFailure(`${otherwise}: ${error.message}`);
    throw error;
  }
}
