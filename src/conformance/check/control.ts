/**
 * The control arm: before the check judges any case, a message and a will that must arrive do arrive. A missing message
 * proves nothing about the broker, for then the watcher is blind. A missing will, where the message arrived, is the
 * broker's fault.
 */
import type { ConnackPacket } from "../../mqtt/packet.ts";
import { dialFaultText } from "../../net/dial_fault.ts";
import type { KnownLimits } from "../model/known_limits.ts";
import type { BrokerFacts } from "../case/case.ts";
import { observedFeatures } from "../context/observed_limits.ts";
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import { hexByte } from "../probe/packet_text.ts";
import type { Probe } from "../probe/probe.ts";
import { endText } from "../probe/probe_end.ts";
import type { Protocol } from "../model/protocol.ts";
import type { ControlResult } from "../case/result.ts";
import type { CaseContext } from "../context/case_context.ts";

/** The findings of a version's control arm, and the facts about the broker that follow. */
export interface Controlled {
  readonly result: ControlResult;
  readonly facts: BrokerFacts;
}

/** The broker's reaction in place of an answer to the CONNECT of a version. */
interface Unanswered {
  readonly outcome: "not spoken" | "fail" | "void";
  readonly reason: string;
  readonly cause?: ControlResult["cause"];
}

/** Does it, in one version. */
export async function runControl(context: CaseContext, protocol: Protocol): Promise<Controlled> {
  try {
    const greeted = await probeConnect(context);
    if ("outcome" in greeted) return ended(context, protocol, greeted);
    const watcher = await context.watcher();
    await seesMessage(context, watcher);
    const lost = await lostWill(context, watcher);
    const facts = { spoken: true, limits: await limitsOf(context, greeted), losesWills: lost !== undefined } as const;
    if (lost === undefined) return { result: { protocol, outcome: "pass" }, facts };
    const transcript = context.transcript.all();
    return { result: { protocol, outcome: "fail", reason: lost, transcript }, facts };
  } catch (error) {
    if (!(error instanceof CaseFailure || error instanceof NotTestable)) throw error;
    return ended(context, protocol, { outcome: "void", reason: error.message });
  }
}

/** The control arm could not begin. */
export function unproved(protocol: Protocol, reason: string): Controlled {
  const outcome = "void";
  return { result: { protocol, outcome, reason }, facts: { spoken: false, outcome, reason } };
}

function ended(
  context: CaseContext,
  protocol: Protocol,
  { outcome, reason, cause }: Unanswered,
): Controlled {
  const transcript = outcome === "not spoken" ? {} : { transcript: context.transcript.all() };
  return {
    result: { protocol, outcome, ...cause && { cause }, reason, ...transcript },
    facts: { spoken: false, outcome, reason },
  };
}

async function limitsOf(context: CaseContext, { properties: announced = {} }: ConnackPacket): Promise<KnownLimits> {
  return context.is5 ? { announced } : await observedFeatures(context);
}

/** The first CONNACK; or the reason why the control arm cannot continue. */
async function probeConnect(context: CaseContext): Promise<ConnackPacket | Unanswered> {
  const probe = context.dial("greeter").send(context.connectPacket());
  const connack = await firstAnswer(probe);
  if ("outcome" in connack) return connack;
  probe.disconnect().close();
  const { reasonCode, properties: { serverReference } = {} } = connack;
  if (reasonCode === 0) return connack;
  const other = serverReference === undefined ? "" : ` and refers to ${serverReference}: check that server by --url`;
  const reason = `the broker refused a CONNECT with ${hexByte(reasonCode)}${other}`;
  // A server answers a level that it does not know with 1 or 0x84. [MQTT311 3.1.2-2] [MQTT5 3.1.2-2]
  if (reasonCode === 1 || reasonCode === 0x84) return { outcome: "not spoken", reason };
  if (!loginRefusals.has(reasonCode)) throw new CaseFailure(reason);
  return { outcome: "void", cause: "login", reason: `${reason}; use --username and --password-file` };
}

/** Bad user name or password, and not authorized: of 3.1.1, then of 5.0. */
const loginRefusals: ReadonlySet<number> = new Set([4, 5, 0x86, 0x87]);

/**
 * CONNACK, or the reason why there is none. A broker that closes or answers with another packet counts as not speaking
 * the version; a malformed CONNACK is its fault.
 */
async function firstAnswer(probe: Probe): Promise<ConnackPacket | Unanswered> {
  try {
    return await probe.expect("connack");
  } catch (error) {
    const end = probe.ended;
    if (!(error instanceof CaseFailure) || end === undefined) throw error;
    if (end.how.kind === "error") {
      const reason = `cannot reach the broker: ${dialFaultText(end.how.code, end.how.message)}`;
      return { outcome: "void", cause: "unreachable", reason };
    }
    if (end.how.kind !== "malformed" || !isConnack(end.how.bytes) || refusesLevel(end.how.bytes)) {
      return { outcome: "not spoken", reason: endText(end) };
    }
    return { outcome: "fail", reason: `the broker answered CONNECT with a malformed CONNACK (${end.how.message})` };
  }
}

const isConnack = ([first = 0]: Uint8Array) => first >> 4 === 2;

/** A server of 3.1.1 refuses the level of 5.0 in the form of its own version: 20 02 00 01. */
const refusesLevel = (bytes: Uint8Array) => bytes[1] === 2 && (bytes[3] === 1 || bytes[3] === 0x84);

/** @throws CaseFailure when the watcher does not receive a client's message */
async function seesMessage(context: CaseContext, watcher: Probe): Promise<void> {
  const message = context.message({ qos: 0 });
  const publisher = await context.connect({ name: "publisher" });
  await publisher.publish(message);
  try {
    await watcher.receives(message);
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    // An altered message has arrived: the cases report the alteration.
    if (error.fault.kind === "altered") return void watcher.take("publish");
    throw new CaseFailure(`a message that was published did not reach the watcher: ${error.message}`);
  }
}

/** How the will of a client that is reset was lost; undefined where the watcher has seen it. */
async function lostWill(context: CaseContext, watcher: Probe): Promise<string | undefined> {
  const will = context.will({ qos: 0 });
  try {
    const client = await context.connect({ will });
    client.reset();
    await watcher.receives(will);
    return undefined;
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    if (error.fault.kind === "altered") return undefined;
    return `the will of a client that was reset did not reach the watcher: ${error.message}`;
  }
}
