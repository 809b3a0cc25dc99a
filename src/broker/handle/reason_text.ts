/**
 * Reason codes in words, for the reason string of an answer: what a person at the client can do about it. One sentence
 * for each code; it says nothing of other clients.
 */
import { ReasonCode } from "../../mqtt/reason.ts";

const connackTexts: ReadonlyMap<number, string> = new Map([
  [ReasonCode.clientIdentifierNotValid, "the client identifier is longer than this server takes"],
  [ReasonCode.badUsernameOrPassword, "user name or password is wrong"],
  [ReasonCode.serverUnavailable, "the login could not be decided: try again later"],
  [ReasonCode.badAuthenticationMethod, "this server has no enhanced authentication: connect without a method"],
  [ReasonCode.quotaExceeded, "this server holds as many connections or sessions as it may"],
  [ReasonCode.packetTooLarge, "CONNACK is larger than the client's maximum packet size"],
  [ReasonCode.topicNameInvalid, "the will's topic begins with $, or has more levels than this server takes"],
  [ReasonCode.payloadFormatInvalid, "the will's payload is not the UTF-8 text that it says it is"],
  [ReasonCode.retainNotSupported, "this server retains no messages: connect without a will to be retained"],
  [ReasonCode.qosNotSupported, "the will's QoS is above this server's maximum"],
]);

const publishTexts: ReadonlyMap<number, string> = new Map([
  [ReasonCode.topicNameInvalid, "the topic begins with $, or has more levels than this server takes"],
  [ReasonCode.payloadFormatInvalid, "the payload is not the UTF-8 text that it says it is"],
]);

const subscribeTexts: ReadonlyMap<number, string> = new Map([
  [ReasonCode.topicFilterInvalid, "a topic filter has more levels than this server takes"],
  [ReasonCode.quotaExceeded, "the session has as many subscriptions as it may"],
]);

/** For CONNACK; undefined where the code says it all. */
export function connackText(reasonCode: number): string | undefined {
  return connackTexts.get(reasonCode);
}

/** For PUBACK and PUBREC. */
export function publishText(reasonCode: number): string | undefined {
  return reasonCode < 0x80 ? undefined : publishTexts.get(reasonCode);
}

/** For SUBACK: of the first refusal in it. */
export function subscribeText(reasonCodes: readonly number[]): string | undefined {
  const refusal = reasonCodes.find((reasonCode) => reasonCode >= 0x80);
  return refusal === undefined ? undefined : subscribeTexts.get(refusal);
}
