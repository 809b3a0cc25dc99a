/** Faults of brokers with properties, and the cases that detect them. */
import type { MessageProperties } from "../../../src/mqtt/packet.ts";
import type { Fault, Proofs } from "../proof.ts";

/** Forwards messages with changed properties. */
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

const forgets = (name: keyof MessageProperties): Fault => () => ({
  fromBroker(packet) {
    if (packet.type !== "publish") return [packet];
    const { [name]: _, ...properties } = packet.properties ?? {};
    return [{ ...packet, properties }];
  },
});
/** Declares each payload as text. */
export const declaresEveryPayloadText: Fault = () => changing(() => ({ payloadFormatIndicator: 1 }));
const forgetsFormat: Fault = () => forgets("payloadFormatIndicator")();
const forgetsContentType: Fault = () => forgets("contentType")();
const forgetsResponseTopic: Fault = () => forgets("responseTopic")();
const forgetsCorrelationData: Fault = () => forgets("correlationData")();
const forgetsUserProperties: Fault = () => forgets("userProperties")();
const forgetsExpiry: Fault = () => forgets("messageExpiryIntervalS")();
const shortensExpiry: Fault = () => changing(() => ({ messageExpiryIntervalS: 10 }));
const cutsCorrelationData: Fault = () =>
  changing(({ correlationData }) => ({ correlationData: correlationData!.subarray(0, 255) }));
const addsProperties: Fault = () => ({
  fromBroker: (packet) =>
    packet.type === "publish" ? [{ ...packet, properties: { userProperties: [["by", "us"]] } }] : [packet],
});

/** Adds an expiry to each message without one. */
export const addsExpiry: Fault = () => ({
  fromBroker: (packet) =>
    packet.type === "publish"
      ? [{ ...packet, properties: { messageExpiryIntervalS: 86_400, ...packet.properties } }]
      : [packet],
});
/** Adds an expiry to retained messages only. */
const addsExpiryToRetained: Fault = () => ({
  fromBroker: (packet) =>
    packet.type === "publish" && packet.retain
      ? [{ ...packet, properties: { messageExpiryIntervalS: 0x7fff_ffff, ...packet.properties } }]
      : [packet],
});

/** Proofs of the cases about properties. */
export const propertyProofs: Proofs = {
  "properties/user-properties": [{ fault: sortsUserProperties, says: /user properties is/ }],
  "properties/format-indicator-1": [{ fault: forgetsFormat, says: /payload format indicator is absent, not 1/ }],
  "properties/format-indicator-0": [{ fault: declaresEveryPayloadText, says: /payload format indicator is 1, not 0/ }],
  "properties/content-type": [{ fault: forgetsContentType, says: /content type is absent/ }],
  "properties/response-topic": [{ fault: forgetsResponseTopic, says: /response topic is absent/ }],
  "properties/correlation-data": [
    { fault: forgetsCorrelationData, says: /correlation data is absent/ },
    { fault: cutsCorrelationData, says: /correlation data is/ },
  ],
  "properties/correlation-data-empty": [{ fault: forgetsCorrelationData, says: /correlation data is absent/ }],
  "properties/user-property-empty": [{ fault: forgetsUserProperties, says: /user properties is/ }],
  "properties/expiry": [
    { fault: forgetsExpiry, says: /message expiry interval is absent/ },
    { fault: shortensExpiry, says: /message expiry interval is 10 s/ },
  ],
  "properties/expiry-added": [
    { fault: addsExpiry, says: /adds a message expiry interval of 86400 s/ },
    { fault: addsExpiryToRetained, says: /adds a message expiry interval of 2147483647 s/ },
  ],
  "properties/none": [{ fault: addsProperties, says: /user properties|came with userProperties/ }],
};
