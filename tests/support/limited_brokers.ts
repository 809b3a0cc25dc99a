/**
 * Brokers with a limit that the standard leaves to them: none of these limits is a violation of a rule, so a check of
 * such a broker has no failure that the same broker without the limit does not have.
 */
import { type BrokerPeer, startAedes2, startMosquitto, startOurBroker } from "./peers.ts";

/** A broker with a limit. */
export interface LimitedBroker {
  /** The broker and its limit, as a user sets it. */
  readonly name: string;
  readonly broker: "mqtt-sim" | "mosquitto" | "aedes-2";
  start(): Promise<BrokerPeer>;
}

const ours = (...flags: readonly string[]): LimitedBroker => ({
  name: `mqtt-sim ${flags.join(" ")}`,
  broker: "mqtt-sim",
  start: () => startOurBroker(flags),
});

const mosquitto = (...lines: readonly string[]): LimitedBroker => ({
  name: `mosquitto ${lines.join(", ")}`,
  broker: "mosquitto",
  start: () => startMosquitto(lines),
});

const aedes2 = (settings: Parameters<typeof startAedes2>[0]): LimitedBroker => ({
  name: `aedes-2 ${JSON.stringify(settings)}`,
  broker: "aedes-2",
  start: () => startAedes2(settings),
});

/** All of them; the first of a broker's is that broker without the limit. */
export const limitedBrokers: readonly LimitedBroker[] = [
  ours(),
  ours("--max-qos", "0"),
  ours("--max-qos", "1"),
  ours("--retain", "no"),
  ours("--max-packet-size", "4096"),
  ours("--max-topic-length", "200"),
  ours("--max-will-payload", "512"),
  ours("--max-connect-rate", "100"),
  ours("--max-connect-rate", "200"),
  ours("--server-keep-alive", "20"),
  ours("--receive-maximum", "1"),
  ours("--topic-alias-maximum", "0"),
  ours("--max-inflight", "1"),
  ours("--max-connections", "30"),
  ours("--max-sessions", "30"),
  ours("--max-queue-messages", "5"),
  mosquitto(),
  mosquitto("max_packet_size 250"),
  mosquitto("max_qos 1"),
  mosquitto("retain_available false"),
  mosquitto("max_inflight_messages 1"),
  mosquitto("max_keepalive 20"),
  mosquitto("persistent_client_expiration 1h"),
  mosquitto("max_connections 30"),
  mosquitto("max_queued_messages 5"),
  aedes2({}),
  aedes2({ sessionExpiryIntervalLimit: 1 }),
  aedes2({ maximumPacketSize: 4096 }),
  aedes2({ receiveMaximum: 1 }),
];
