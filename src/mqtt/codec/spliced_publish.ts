/**
 * Inserts the properties of one receiver into a 5.0 PUBLISH that was written once for all: subscription identifiers,
 * and a topic alias instead of, or besides, the topic. Bytes are copied; nothing is encoded again.
 */
import { invariant } from "../../base/failure.ts";
import type { EncodedPublish } from "./codec.ts";
import { headerLength, maximumFrameBytes } from "./frame.ts";
import { sizeOfVariable, writeVariable } from "./frame_writer.ts";
import { smallBytes } from "./small_bytes.ts";

/**
 * Inserts properties before those of a 5.0 PUBLISH.
 *
 * @param encoded the PUBLISH, which is not changed
 * @param added encoded properties: {@link subscriptionIdentifierBytes}, {@link topicAliasBytes}
 * @param keepTopic false leaves the topic name empty; a topic alias must replace it
 * @throws InvariantError if the result would exceed the maximum size of a packet
 */
export function splicePublish(encoded: EncodedPublish, added: Uint8Array, keepTopic: boolean): EncodedPublish {
  const { bytes, packetIdAt } = encoded;
  const topicAt = headerLength(bytes, 0);
  const topicEnd = topicAt + 2 + (bytes[topicAt]! << 8 | bytes[topicAt + 1]!);
  const lengthAt = topicEnd + (packetIdAt > 0 ? 2 : 0);
  let restAt = lengthAt;
  let propertiesLength = 0;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[restAt++]!;
    propertiesLength |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  propertiesLength += added.length;
  const head = keepTopic ? bytes.subarray(topicAt, lengthAt) : headWithoutTopic(bytes, topicEnd, lengthAt);
  const rest = bytes.subarray(restAt);
  const remaining = head.length + sizeOfVariable(propertiesLength) + added.length + rest.length;
  invariant(remaining <= maximumFrameBytes - 5, `Cannot write a PUBLISH of ${remaining} bytes`);
  const spliced = smallBytes(1 + sizeOfVariable(remaining) + remaining);
  spliced[0] = bytes[0]!;
  const headAt = writeVariable(spliced, 1, remaining);
  spliced.set(head, headAt);
  const addedAt = writeVariable(spliced, headAt + head.length, propertiesLength);
  spliced.set(added, addedAt);
  spliced.set(rest, addedAt + added.length);
  return { bytes: spliced, packetIdAt: packetIdAt > 0 ? headAt + head.length - 2 : 0 };
}

/** Subscription identifiers, 1 to 268,435,455 each, as properties. */
export function subscriptionIdentifierBytes(identifiers: readonly number[]): Uint8Array {
  let size = 0;
  for (const identifier of identifiers) size += 1 + sizeOfVariable(identifier);
  const bytes = smallBytes(size);
  let at = 0;
  for (const identifier of identifiers) {
    bytes[at++] = 0x0b;
    at = writeVariable(bytes, at, identifier);
  }
  return bytes;
}

/** A topic alias, 1 to 65,535, as a property. */
export function topicAliasBytes(alias: number): Uint8Array {
  const bytes = smallBytes(3);
  bytes[0] = 0x23;
  bytes[1] = alias >> 8;
  bytes[2] = alias;
  return bytes;
}

/** An empty topic name, and the packet identifier if there is one. */
function headWithoutTopic(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const head = smallBytes(2 + to - from);
  head.set(bytes.subarray(from, to), 2);
  return head;
}
