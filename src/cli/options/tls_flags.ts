/** The flags about TLS of every command that connects to a broker. */
import { object } from "@optique/core/constructs";
import { type FlagValue, switchFlag, valueFlag } from "./flag.ts";

const file: FlagValue<string> = { metavar: "FILE", read: (value) => value, isFile: true };
const name: FlagValue<string> = { metavar: "NAME", read: (value) => value };

/** For mqtts:// and wss://. */
export const tlsFlags = object("TLS", {
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
