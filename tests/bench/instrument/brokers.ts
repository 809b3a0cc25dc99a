/** The brokers for the bench of the instrument. */
import { type BrokerPeer, startMosquitto, startOurBroker } from "../../support/brokers/peers.ts";

const mosquitto = ["max_queued_messages 0", "max_connections -1", "set_tcp_nodelay true"];

/** Starts a broker, by the name for `--broker`. */
export const instrumentBrokers: Readonly<Record<string, () => Promise<BrokerPeer>>> = {
  mosquitto: () => startMosquitto(mosquitto),
  "mqtt-sim": () => startOurBroker(),
};
