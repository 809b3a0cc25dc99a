/** The brokers for the bench of the instrument. */
import { type BrokerPeer, startMosquitto, startOurBroker } from "../../support/brokers/peers.ts";

/** Without the log of each packet: the bench would read it, on the cores of the fleet. */
const quiet = ["log_type none", "log_type information"];
const mosquitto = ["max_queued_messages 0", "max_connections -1", "set_tcp_nodelay true", ...quiet];

/** Starts a broker, by the name for `--broker`. */
export const instrumentBrokers: Readonly<Record<string, () => Promise<BrokerPeer>>> = {
  mosquitto: () => startMosquitto(mosquitto),
  "mqtt-sim": () => startOurBroker(),
};
