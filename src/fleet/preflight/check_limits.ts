/**
 * Compares the limits that a server announces in CONNACK with all packets that a run would send: before the run, in one
 * sentence with the remedy, and not by connections that the server closes.
 */
import { formatCount } from "../../base/units.ts";
import { encode } from "../../mqtt/codec/codec.ts";
import type { ConnackPacket, ConnackProperties, ProtocolVersion } from "../../mqtt/packet.ts";
import { connectPacketOf } from "../client/connect_packet.ts";
import { Groups } from "../plan/groups.ts";
import { beginLife } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { checkWills, NotSpokenError } from "./negotiate_protocol.ts";
import { telemetryTopic } from "../plan/telemetry_topic.ts";
import { willTopicFilter } from "../plan/will_topic.ts";

/**
 * Compares a plan with the limits that a server announces; a 3.1.1 server announces none.
 *
 * @throws UsageError when the server does not take a packet that the run would send
 */
export function checkLimits(plan: FleetPlan, url: string, connack: ConnackPacket, version: ProtocolVersion): void {
  checkWills(plan, url, connack);
  const { properties } = connack;
  if (properties === undefined) return;
  checkSizes(plan, url, version, properties);
  checkWildcards(plan, url, properties);
}

/** A client may not send more than the server takes. [MQTT5 3.2.2-15] */
function checkSizes(
  plan: FleetPlan,
  url: string,
  version: ProtocolVersion,
  { maximumPacketSize: most = Infinity }: ConnackProperties,
): void {
  if (most === Infinity) return;
  const takes = `${url} takes packets of ${formatCount(most)} bytes at most (Maximum Packet Size)`;
  for (const own of new Groups(plan, "mix").plans) {
    const { telemetry, willPayloadSizeBytes } = own;
    const connectBytes = connectSize(own, version);
    if (connectBytes > most && own.willPayload !== undefined) {
      const has = `its CONNECT has ${formatCount(connectBytes)} bytes`;
      throw new NotSpokenError(`Cannot use --will-payload: ${has}, and ${takes}; use a shorter payload`);
    }
    if (connectBytes > most) {
      const fits = willPayloadSizeBytes - (connectBytes - most);
      const cure = fits >= leastWillBytes
        ? `use --will-payload-size ${fits}`
        : "a CONNECT with a will of the fleet exceeds that at any --will-payload-size";
      const what = `--will-payload-size ${willPayloadSizeBytes}: its CONNECT has ${formatCount(connectBytes)} bytes`;
      throw new NotSpokenError(`Cannot use ${what}, and ${takes}; ${cure}`);
    }
    const telemetryBytes = telemetry === undefined ? 0 : telemetrySize(own, telemetry, version);
    if (telemetryBytes > most) {
      const fits = Math.max(0, telemetry!.sizeBytes - (telemetryBytes - most));
      const what = `telemetry of ${formatCount(telemetry!.sizeBytes)} bytes: its PUBLISH has ${
        formatCount(telemetryBytes)
      } bytes`;
      throw new NotSpokenError(`Cannot use ${what}, and ${takes}; use telemetry of ${formatCount(fits)} bytes`);
    }
  }
  const subscribeBytes = subscribeSize(plan, version);
  if (subscribeBytes > most) {
    const what = `these will topics: the SUBSCRIBE of a watcher has ${formatCount(subscribeBytes)} bytes`;
    throw new NotSpokenError(`Cannot watch ${what}, and ${takes}; use a shorter --will-topic`);
  }
}

/** The least that `--will-payload-size` may be. */
const leastWillBytes = 64;

/** The incarnation has more digits in later lives. */
const lateLife = 999;

/** The size of a late CONNECT of the last client. */
function connectSize(plan: FleetPlan, version: ProtocolVersion): number {
  const number = plan.clients - 1;
  const life = beginLife(plan, { number, bucket: plan.watchers - 1, version }, lateLife);
  return encode(connectPacketOf(plan, life), version).length;
}

function telemetrySize(
  plan: FleetPlan,
  { qos, sizeBytes }: NonNullable<FleetPlan["telemetry"]>,
  version: ProtocolVersion,
): number {
  const topic = telemetryTopic(plan, plan.clients - 1);
  const id = qos === 0 ? {} : { packetId: 1 };
  const payload = new Uint8Array(sizeBytes);
  return encode({ type: "publish", dup: false, qos, retain: false, topic, payload, ...id }, version).length;
}

/** The size of the longest SUBSCRIBE of a watcher. */
function subscribeSize(plan: FleetPlan, version: ProtocolVersion): number {
  const subscriptions = watchedFilters(plan, plan.watchers - 1).map((topicFilter) => ({
    topicFilter,
    qos: 2 as const,
  }));
  return encode({ type: "subscribe", packetId: 1, subscriptions }, version).length;
}

function watchedFilters(plan: FleetPlan, bucket: number): string[] {
  const parts = { run: plan.run, bucket: String(bucket) };
  return [...new Set(new Groups(plan, "mix").plans.map(({ willTopic }) => willTopicFilter(willTopic, parts)))];
}

/** Watchers see the wills of many clients by one filter. 5.0 has this in its section 3.2.2.3.11, without a number. */
function checkWildcards(
  plan: FleetPlan,
  url: string,
  { wildcardSubscriptionAvailable = true }: ConnackProperties,
): void {
  const filter = watchedFilters(plan, 0).find((each) => each.includes("+"));
  if (wildcardSubscriptionAvailable || filter === undefined) return;
  const cure = new Groups(plan, "mix").plans.some(({ presence }) => presence)
    ? "--presence has no such topic"
    : 'use --will-topic "mqtt-sim/{run}/{bucket}/will", which all clients of a watcher share';
  throw new NotSpokenError(
    `Cannot watch wills on ${filter}: ${url} takes no subscriptions with wildcards ` +
      `(Wildcard Subscription Available 0); ${cure}`,
  );
}
