/**
 * Texts for reason codes, for the reason string of an answer: what a person at the client can do. One sentence for each
 * code; it says nothing about other clients.
 */
import { ReasonCode } from "../../mqtt/reason.ts";

const connackTexts: ReadonlyMap<number, string> = new Map([
  [ReasonCode.clientIdentifierNotValid, "the client identifier is longer than this server accepts"],
  [ReasonCode.badUsernameOrPassword, "user name or password is wrong"],
  [ReasonCode.serverUnavailable, "the login check failed: try again later"],
  [ReasonCode.badAuthenticationMethod, "this server has no enhanced authentication: connect without a method"],
  [ReasonCode.quotaExceeded, "this server has reached its limit of connections or sessions"],
  [ReasonCode.packetTooLarge, "CONNACK is larger than the client's maximum packet size"],
  [ReasonCode.topicNameInvalid, "the will's topic begins with $, or has more levels than this server accepts"],
  [ReasonCode.payloadFormatInvalid, "the will's payload is not UTF-8 as its payload format indicator says"],
  [ReasonCode.retainNotSupported, "this server retains no messages: connect without a retained will"],
  [ReasonCode.qosNotSupported, "the will's QoS is above this server's maximum"],
]);

const publishTexts: ReadonlyMap<number, string> = new Map([
  [ReasonCode.topicNameInvalid, "the topic begins with $, or has more levels than this server accepts"],
  [ReasonCode.payloadFormatInvalid, "the payload is not UTF-8 as its payload format indicator says"],
]);

const subscribeTexts: ReadonlyMap<number, string> = new Map([
  [ReasonCode.topicFilterInvalid, "a topic filter has more levels than this server accepts"],
  [ReasonCode.quotaExceeded, "the session has reached its limit of subscriptions"],
]);

/** For CONNACK; undefined if the code is sufficient. */
export function connackText(reasonCode: number): string | undefined {
  return connackTexts.get(reasonCode);
}

/** For PUBACK and PUBREC. */
export function publishText(reasonCode: number): string | undefined {
  return reasonCode < 0x80 ? undefined : publishTexts.get(reasonCode);
}

/** For SUBACK: the text of the first refusal in it. */
export function subscribeText(reasonCodes: readonly number[]): string | undefined {
  const refusal = reasonCodes.find((reasonCode) => reasonCode >= 0x80);
  return refusal === undefined ? undefined : subscribeTexts.get(refusal);
}
