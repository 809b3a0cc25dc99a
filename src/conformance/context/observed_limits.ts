/**
 * The limits of a broker in 3.1.1, where no CONNACK can announce them: its behaviour shows them. The check observes
 * them once, before its cases. Only a broker that closes the connection has such a limit: the cases judge one
 * that takes the message and loses it.
 */
import type { ConnackProperties, QoS } from "../../mqtt/packet.ts";
import type { KnownLimits } from "../model/known_limits.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import type { CaseContext } from "./case_context.ts";

/** QoS and retained messages, as 5.0 announces them. */
export async function observedFeatures(context: CaseContext): Promise<KnownLimits> {
  const { qos, said } = await unlessItFails(highestQos(context)) ?? { qos: 2 };
  const retained = await unlessItFails(closesOn(context, { qos: 0, retain: true })) ?? false;
  const announced: ConnackProperties = {
    ...qos < 2 && { maximumQoS: qos },
    ...retained && { retainAvailable: false },
  };
  const text = "the broker closes the connection of a client that publishes a retained message";
  return {
    announced,
    seen: { ...said !== undefined && { maximumQoS: said }, ...retained && { retainAvailable: text } },
  };
}

/** A broker that fails where it is only looked at is judged by the cases. */
async function unlessItFails<T>(looked: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await looked;
  } catch (error) {
    if (error instanceof CaseFailure || error instanceof NotTestable) return undefined;
    throw error;
  }
}

async function highestQos(context: CaseContext): Promise<{ readonly qos: QoS; readonly said?: string }> {
  if (!await closesOn(context, { qos: 2 })) return { qos: 2 };
  const isOne = !await closesOn(context, { qos: 1 });
  const said = `the broker closes the connection of a client that publishes at QoS ${isOne ? 2 : 1}`;
  return { qos: isOne ? 1 : 0, said };
}

async function closesOn(context: CaseContext, more: Partial<SentMessage>): Promise<boolean> {
  const client = await context.connect({ name: "explorer" });
  try {
    await client.publish(context.message({ topic: context.topic("limits"), ...more }));
    await client.ping();
    return false;
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    return error.fault.kind === "closed";
  } finally {
    if (!client.over) client.disconnect().close();
  }
}
