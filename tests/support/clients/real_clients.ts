/**
 * Real MQTT clients as child processes, with one interface: MQTT.js, mosquitto's command-line clients and Python's
 * paho. They share no code with the fleet.
 */
import type { ProtocolVersion, QoS } from "../../../src/mqtt/packet.ts";
import { ChildProcess } from "../machine/child_process.ts";
import type { BrokerPeer, Peer } from "../brokers/peers.ts";
import * as peers from "../brokers/peers.ts";

export interface PeerMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

export interface PeerWill extends PeerMessage {
  /** 5.0 only. */
  readonly delayS?: number;
}

/** The transport, by the scheme of its URL. */
export type Scheme = "mqtt" | "mqtts" | "ws" | "wss";

/** Paths of PEM files: the trusted certificates, and the client's own. */
export interface PeerTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The task of one client: subscribe, publish, or only stay connected. */
export interface Asked {
  readonly host: string;
  readonly port: number;
  readonly version: ProtocolVersion;
  readonly clientId: string;
  readonly clean: boolean;
  readonly sessionExpiryS?: number;
  readonly will?: PeerWill;
  readonly subscribe?: { readonly filter: string; readonly qos: QoS };
  readonly publish?: PeerMessage;
  /** Default: `mqtt`. */
  readonly scheme?: Scheme;
  readonly tls?: PeerTls;
  readonly login?: { readonly username: string; readonly password: string };
}

/** One kind of real client. */
export interface ClientKind {
  readonly name: string;
  /** The program and arguments that run it. */
  readonly needs: readonly Peer[];
  /** The client's output once the broker has answered it. */
  readonly ready: RegExp;
  start(asked: Asked): ChildProcess;
  /** Makes a client send DISCONNECT, with 0x00 in 5.0. */
  leave(client: RealClient): Promise<void>;
}

const byMosquitto: ClientKind = {
  name: "mosquitto_sub and mosquitto_pub",
  needs: [peers.mosquittoClients],
  ready: /^Subscribed/,
  start: startMosquittoClient,
  // A signal would make it send 0x04 in 5.0; instead it disconnects after its first message.
  leave: ({ broker, asked: { clientId, version } }) =>
    publish(byMosquitto, broker, version, { topic: `leave/${clientId}`, payload: "now", qos: 0, retain: false }),
};

export const clientKinds: readonly ClientKind[] = [
  { name: "MQTT.js", needs: [], ready: /^ready$/, start: startMqttjs, leave: terminate },
  byMosquitto,
  { name: "paho", needs: [peers.paho], ready: /^ready$/, start: startPaho, leave: terminate },
];

function terminate(client: RealClient): Promise<void> {
  return Promise.resolve(client.child.kill("SIGTERM"));
}

/** A connected client, subscribed if its task says so. */
export class RealClient implements AsyncDisposable {
  #read = 0;

  private constructor(
    readonly kind: ClientKind,
    readonly broker: BrokerPeer,
    readonly asked: Asked,
    readonly child: ChildProcess,
  ) {}

  /** Starts a client and waits until the broker has answered it. */
  static async start(kind: ClientKind, broker: BrokerPeer, what: Omit<Asked, "host" | "port">): Promise<RealClient> {
    const asked = { ...what, host: broker.host, port: broker.port };
    const child = kind.start(asked);
    try {
      await child.line(kind.ready);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
    return new RealClient(kind, broker, asked, child);
  }

  /** The next received message, each once. */
  async next(limitMs?: number): Promise<PeerMessage> {
    const line = await this.child.line(/^\{.*\}$/, { from: this.#read, ...(limitMs !== undefined && { limitMs }) });
    this.#read = this.child.lines.indexOf(line[0], this.#read) + 1;
    const { topic, payload, qos, retain } = JSON.parse(line[0]);
    return { topic, payload: payload ?? "", qos, retain: Boolean(retain) };
  }

  /** Kills the process, so that it sends no DISCONNECT. */
  async die(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exit();
  }

  /** Sends DISCONNECT. */
  async leave(): Promise<void> {
    await this.kind.leave(this);
    const { code } = await this.child.exit();
    if (code !== 0) throw new Error(`left with exit code ${code}:\n${this.child.said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}

/** Publishes one message by a client of that kind, and waits until its QoS exchange is complete. */
export async function publish(
  kind: ClientKind,
  broker: BrokerPeer,
  version: ProtocolVersion,
  message: PeerMessage,
  more: Partial<Asked> = {},
): Promise<void> {
  const { host, port } = broker;
  await using child = kind.start({ host, port, version, clientId: "", clean: true, publish: message, ...more });
  const { code } = await child.exit();
  if (code !== 0) throw new Error(`publishing ended with exit code ${code}:\n${child.said}`);
}

function startMqttjs(asked: Asked): ChildProcess {
  const script = new URL("./mqttjs_client.ts", import.meta.url).pathname;
  const flags = ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--ignore-env"];
  const texts = Object.entries(asked.tls ?? {}).map(([name, path]) => [name, Deno.readTextFileSync(path)]);
  const pem = { ...asked, tls: Object.fromEntries(texts) };
  return new ChildProcess(Deno.execPath(), [...flags, script, JSON.stringify(pem)]);
}

function startPaho(asked: Asked): ChildProcess {
  const script = new URL("./paho_client.py", import.meta.url).pathname;
  return new ChildProcess(peers.paho.program, [script, JSON.stringify(asked)]);
}

function startMosquittoClient(asked: Asked): ChildProcess {
  const common = [
    ...["-h", asked.host, "-p", String(asked.port), "-V", asked.version === 5 ? "5" : "311"],
    ...(asked.tls === undefined ? [] : ["--cafile", asked.tls.ca]),
    ...(asked.tls?.cert === undefined ? [] : ["--cert", asked.tls.cert, "--key", asked.tls.key!]),
    ...(asked.login === undefined ? [] : ["-u", asked.login.username, "-P", asked.login.password]),
  ];
  if (asked.publish) {
    const { topic, payload, qos, retain } = asked.publish;
    const text = payload === "" ? ["-n"] : ["-m", payload];
    return new ChildProcess("mosquitto_pub", [
      ...common,
      "-t",
      topic,
      ...text,
      "-q",
      `${qos}`,
      ...(retain ? ["-r"] : []),
    ]);
  }
  const [filter, qos, limit] = asked.subscribe
    ? [asked.subscribe.filter, asked.subscribe.qos, []]
    : [`leave/${asked.clientId}`, 0, ["-C", "1"]];
  const session = [
    ...(asked.clean ? [] : ["-c"]),
    ...(asked.sessionExpiryS === undefined ? [] : ["-x", `${asked.sessionExpiryS}`]),
  ];
  const rest = [
    "-i",
    asked.clientId,
    ...session,
    ...mosquittoWill(asked.will),
    "-d",
    "-F",
    "%j",
    "-t",
    filter,
    "-q",
    `${qos}`,
  ];
  // stdbuf makes the lines visible at once; it becomes mosquitto_sub and keeps the process id.
  return new ChildProcess("stdbuf", ["-oL", "mosquitto_sub", ...common, ...rest, ...limit]);
}

function mosquittoWill(will: PeerWill | undefined): string[] {
  if (will === undefined) return [];
  const { topic, payload, qos, retain, delayS } = will;
  return [
    ...["--will-topic", topic, "--will-payload", payload, "--will-qos", `${qos}`],
    ...(retain ? ["--will-retain"] : []),
    ...(delayS === undefined ? [] : ["-D", "will", "will-delay-interval", `${delayS}`]),
  ];
}
