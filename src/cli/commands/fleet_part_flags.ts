/** The flags of `mqtt-sim fleet` about TLS, and about the parts of a run in several processes. */
import { object } from "@optique/core/constructs";
import { parseShard } from "../../fleet/shard.ts";
import { parseStartAt } from "../../fleet/start_at.ts";
import { type FlagValue, switchFlag, valueFlag } from "../flag.ts";

const file: FlagValue<string> = { metavar: "FILE", read: (value) => value, isFile: true };
const name: FlagValue<string> = { metavar: "NAME", read: (value) => value };

/** For mqtts:// and wss://. */
export const tls = object("TLS", {
  tlsCa: valueFlag(
    "--tls-ca",
    file,
    "Authorities, in PEM, that sign the broker's certificate; for mqtts:// and wss://, as are the other flags of TLS. " +
      "Default: the well-known ones.",
  ),
  tlsCert: valueFlag("--tls-cert", file, "The certificate of all clients, in PEM; with --tls-key. Default: none."),
  tlsKey: valueFlag("--tls-key", file, "Its private key, in PEM, without a passphrase. Default: none."),
  tlsServerName: valueFlag(
    "--tls-server-name",
    name,
    "The name that the broker's certificate must have. Default: the one in --url.",
  ),
  tlsInsecure: switchFlag(
    "--tls-insecure",
    "Take any certificate: whoever answers may be another, and the report says so. Default: no.",
  ),
});

/** Several processes, one run. */
export const parts = object("Parts", {
  shard: valueFlag(
    "--shard",
    { metavar: "N/OF", read: parseShard },
    "Be one of several processes, on this machine or others, that are one run together: 2/5 takes the second fifth of " +
      "the clients, with the kills that the whole run has for them. Each part is given the same flags and the same " +
      "--seed; mqtt-sim report merge joins their reports. Default: the whole run.",
  ),
  startAt: valueFlag(
    "--start-at",
    { metavar: "INSTANT", read: parseStartAt },
    "When to connect the fleet: 2026-05-01T12:00:00Z, or +10s from now. Shards that are given one instant connect and " +
      "kill in step. Default: at once.",
  ),
});
