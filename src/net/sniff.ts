/**
 * Determines the protocol of a server that did not answer over the transport of its URL: a TLS port that was dialled
 * without TLS, a plain port that was dialled with it, a TCP port that was dialled as a WebSocket.
 */
import { connectProbe } from "../mqtt/codec/connect_probe.ts";
import { dial } from "./dial.ts";
import { type Endpoint, endpointUrl, isSecured, type Transport } from "./endpoint.ts";
import type { EngineName } from "./engine.ts";
import type { DialReceiver } from "./link.ts";

/** The other transports to try, by the transport that was dialled. */
const others: Readonly<Record<Transport, readonly Transport[]>> = {
  tcp: ["tls", "ws"],
  tls: ["tcp"],
  ws: ["tcp", "wss"],
  wss: ["ws", "tls"],
  unix: [],
};

const names: Readonly<Record<Transport, string>> = {
  tcp: "MQTT over TCP",
  tls: "TLS",
  ws: "MQTT over WebSocket",
  wss: "WebSocket over TLS",
  unix: "MQTT over a Unix socket",
};

const schemes: Readonly<Record<Transport, string>> = { tcp: "mqtt", tls: "mqtts", ws: "ws", wss: "wss", unix: "unix" };

const patienceMs = 2_000;

/** The protocol of the server and the URL for it, as a sentence; undefined if it speaks none of the others. */
export async function otherTransport(endpoint: Endpoint, engine: EngineName = "deno"): Promise<string | undefined> {
  for (const transport of others[endpoint.transport]) {
    if (!await speaks(endpoint, transport, engine)) continue;
    const { host, port } = endpoint;
    const path = transport === "ws" || transport === "wss" ? endpoint.path : "";
    return `the server there expects ${names[transport]}: use ${endpointUrl(schemes[transport], host, port, path)}`;
  }
  return undefined;
}

function speaks(endpoint: Endpoint, transport: Transport, engine: EngineName): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const target = { ...endpoint, transport, path: endpoint.path === "" ? "/mqtt" : endpoint.path };
  const receiver: DialReceiver = {
    onOpen: () => {
      // A completed handshake of TLS is news only where none was tried: the server may require a certificate, so that
      // it reads nothing.
      if (isSecured(target) && !isSecured(endpoint)) resolve(true);
      else link.write(connectProbe);
    },
    onBytes: (bytes) => resolve(bytes[0] === connackByte),
    onDrain: () => {},
    onEnd: () => resolve(false),
  };
  const link = dial(target, { tls: { ...endpoint.tls, insecure: true }, engine }, receiver);
  const timer = setTimeout(() => resolve(false), patienceMs);
  return promise.finally(() => {
    clearTimeout(timer);
    link.reset();
  });
}

const connackByte = 0x20;
