/** Brokers that get properties wrong, and the cases that find them out. */
import type { MessageProperties } from "../../../src/mqtt/packet.ts";
import type { Fault, Proofs } from "../proof.ts";

/** Passes messages on with other properties. */
export function changing(change: (properties: MessageProperties) => MessageProperties): ReturnType<Fault> {
  return {
    fromBroker: (packet) =>
      packet.type === "publish" && packet.properties
        ? [{ ...packet, properties: { ...packet.properties, ...change(packet.properties) } }]
        : [packet],
  };
}

/** Sorts user properties. */
export const sortsUserProperties: Fault = () =>
  changing(({ userProperties = [] }) => ({ userProperties: userProperties.toSorted() }));

/** Proofs of the cases about properties. */
export const propertyProofs: Proofs = {
  "properties/user-properties": [{ fault: sortsUserProperties, says: /user properties is/ }],
};
