/**
 * What a broker does not take in 3.1.1, where no CONNACK can announce it: its behaviour shows it. Looked at once for each
 * check, before its cases. Only a broker that closes the connection is held to have such a limit: one that takes the
 * message and loses it is judged by the cases.
 */
import type { ConnackProperties, QoS } from "../mqtt/packet.ts";
import type { BrokerLimits } from "./broker_limits.ts";
import type { SentMessage } from "./message_compare.ts";
import { CaseFailure } from "./outcome.ts";
import type { Stage } from "./stage.ts";

/** The limits that the broker's behaviour shows. */
export async function observedLimits(stage: Stage): Promise<BrokerLimits> {
  const { qos, said } = await highestQos(stage);
  const retained = await closesOn(stage, { qos: 0, retain: true });
  const announced: ConnackProperties = {
    ...qos < 2 && { maximumQoS: qos },
    ...retained && { retainAvailable: false },
  };
  const seen = {
    ...said !== undefined && { maximumQoS: said },
    ...retained &&
      { retainAvailable: "the broker closes the connection of a client that publishes a retained message" },
  };
  return { announced, seen };
}

async function highestQos(stage: Stage): Promise<{ readonly qos: QoS; readonly said?: string }> {
  if (!await closesOn(stage, { qos: 2 })) return { qos: 2 };
  const isOne = !await closesOn(stage, { qos: 1 });
  const lowest = isOne ? 2 : 1;
  const said = `the broker closes the connection of a client that publishes at QoS ${lowest}`;
  return { qos: isOne ? 1 : 0, said };
}

async function closesOn(stage: Stage, more: Partial<SentMessage>): Promise<boolean> {
  const client = await stage.connect({ name: "explorer" });
  try {
    await client.publish(stage.message({ topic: stage.topic("limits"), ...more }));
    await client.ping();
    return false;
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    return error.fault.kind === "closed";
  } finally {
    if (!client.over) client.disconnect().close();
  }
}
