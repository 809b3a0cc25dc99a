/**
 * The options of the connection: TLS, WebSocket and the engine.
 */
import { engineChoices, engineHelp } from "../../../net/engine.ts";
import { option } from "./option.ts";

/** The rows of the table, in its order. */
export const connectionOptions = {
  tlsCa: option("tls-ca", "TLS", { kind: "file", metavar: "FILE" }, {
    help:
      "CA certificates, in PEM, that sign the broker's certificate; for mqtts:// and wss://, like the other flags " +
      "of TLS.",
    defaultText: "those of the system",
    ownToShard: true,
  }),
  tlsCert: option("tls-cert", "TLS", { kind: "file", metavar: "FILE" }, {
    help:
      "The certificate of all clients, in PEM; with --tls-key. With {client}, {client:05} or {id} in the path, each " +
      "client has its own.",
    defaultText: "none",
    ownToShard: true,
  }),
  tlsKey: option("tls-key", "TLS", { kind: "file", metavar: "FILE" }, {
    help: "Its private key, in PEM; takes the placeholders of --tls-cert.",
    defaultText: "none",
    ownToShard: true,
  }),
  tlsKeyPassphraseFile: option("tls-key-passphrase-file", "TLS", { kind: "file", metavar: "FILE" }, {
    help: "A file with the passphrase of the private keys; a line end after it does not count.",
    defaultText: "none: the keys have no passphrase",
    ownToShard: true,
  }),
  watcherTlsCert: option("watcher-tls-cert", "Watching", { kind: "file", metavar: "FILE" }, {
    help: "The certificate of watchers, canaries and the tool's other connections, in PEM; with --watcher-tls-key.",
    defaultText: "that of the clients, where it is the same for all",
    ownToShard: true,
  }),
  watcherTlsKey: option("watcher-tls-key", "Watching", { kind: "file", metavar: "FILE" }, {
    help: "Its private key, in PEM.",
    defaultText: "none",
    ownToShard: true,
  }),
  tlsServerName: option("tls-server-name", "TLS", { kind: "text", metavar: "NAME" }, {
    help: "The name that the broker's certificate must have.",
    defaultText: "the one in --url",
    ownToShard: true,
  }),
  tlsInsecure: option("tls-insecure", "TLS", { kind: "switch" }, {
    help: "Accept any certificate: the server may be an impostor, and the report has a warning.",
    defaultText: "no",
  }),
  alpn: option("alpn", "TLS", { kind: "text", metavar: "NAMES" }, {
    help: "Protocols to offer in the TLS handshake (ALPN), with commas between them: AWS IoT Core expects " +
      "x-amzn-mqtt-ca on port 443.",
    defaultText: "none",
  }),
  proxy: option("proxy", "Target", { kind: "text", metavar: "URL" }, {
    help: "Connect through a proxy: http://[user:password@]host:port opens each connection by CONNECT, " +
      "socks5://[user:password@]host:port by SOCKS 5. The proxy resolves the broker's name. Reports do not have the password.",
    defaultText: "none",
  }),
  wsHeaders: option("ws-header", "Target", { kind: "headers" }, {
    help: "A header of the WebSocket request, for ws:// and wss://. Reports have its name and no value. Other users " +
      "of this machine can see it in the list of processes; a variable or a scenario file avoids that.",
  }),
  awsSign: option("aws-sign", "Target", { kind: "text", metavar: "REGION" }, {
    help: "Sign each WebSocket request for AWS IoT Core in this region (Signature Version 4). The credentials are " +
      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment.",
    defaultText: "no signature",
  }),
  engine: option("engine", "Target", { kind: "choice", words: engineChoices }, {
    help: engineHelp,
    default: "auto",
    added: true,
  }),
};
