/**
 * Brokers for `deno task docs:conformance`: with a login and a topic that refuses publishing where the broker supports
 * them, and with a restart where it keeps sessions on disk.
 */
import { startEjabberd } from "./ejabberd_peer.ts";
import { startNats } from "./nats_peer.ts";
import { type BrokerPeer, mosquittoWith, startAedes, startAedes2 } from "./peers.ts";
import { startRabbitmq } from "./rabbitmq_peer.ts";
import { supervised } from "./supervised_peer.ts";

/** A broker to check. */
export interface CheckedPeer extends AsyncDisposable {
  readonly name: string;
  /** The name of its profile, if it differs. */
  readonly profile?: string;
  readonly url: string;
  /** Absent if the broker accepts every client. */
  readonly login?: PeerLogin;
  readonly deniedTopic?: string;
  readonly version: string;
  /** Its configuration, as a text for readers. */
  readonly configuration: string;
  /** Stops it as a service manager does, and restarts it with its stored data. */
  readonly restart?: () => Promise<void>;
}

/** The user that logs in. */
export interface PeerLogin {
  readonly username: string;
  readonly password: string;
}

const login: PeerLogin = { username: "check", password: "right" };
const deniedTopic = "mqtt-sim-denied/topic";

/** All brokers by name, in the order of the page. */
export const checkedPeers: Readonly<Record<string, () => Promise<CheckedPeer>>> = {
  mosquitto,
  aedes,
  "aedes-2": aedes2,
  rabbitmq,
  ejabberd,
  nats,
};

async function mosquitto(): Promise<CheckedPeer> {
  const started = await mosquittoWith({ login, writable: "mqtt-sim/#" });
  return {
    ...checked("mosquitto", started, (said) => /mosquitto version (\S+)/.exec(said)?.[1]),
    login,
    deniedTopic,
    restart: started.restart,
    configuration:
      "Debian's; anonymous clients allowed, a password file, an ACL file that lets clients publish below `mqtt-sim/` alone, " +
      "persistence in a file; all else as it comes",
  };
}

async function aedes(): Promise<CheckedPeer> {
  const started = await startAedes({ deniedTopic });
  return {
    ...checked("aedes", started, () => packageVersion("aedes")),
    deniedTopic,
    configuration:
      "on Node's net under Deno, in memory; `authorizePublish` denies one topic, all else as it comes; it keeps " +
      "nothing over a restart, and is not restarted",
  };
}

async function aedes2(): Promise<CheckedPeer> {
  const started = await supervised("aedes-2", ({ port }) => startAedes2({ deniedTopic }, port));
  return {
    name: "aedes-2",
    url: started.url,
    version: packageVersion("aedes-2") ?? "unknown",
    deniedTopic,
    configuration:
      "on Node's net under Deno, in memory; `authorizePublish` denies one topic, all else as it comes; it keeps " +
      "nothing over a restart; when it ends by itself, it is started again on the same port",
    [Symbol.asyncDispose]: () => started.stop(),
  };
}

async function nats(): Promise<CheckedPeer> {
  const started = await startNats({ login, deniedTopic });
  return {
    ...checked("nats", started, (said) => /Version: +(\d+\.\d+\.\d+)/.exec(said)?.[1]),
    login,
    deniedTopic,
    restart: started.restart,
    configuration:
      "Debian's nats-server with `mqtt` on JetStream; one user and a user for anonymous clients, both denied one topic; " +
      "all else as it comes",
  };
}

async function rabbitmq(): Promise<CheckedPeer> {
  const started = await startRabbitmq([], { login, deniedTopic });
  return {
    ...checked("rabbitmq", started, (said) => /RabbitMQ\D+(\d+\.\d+\.\d+)/.exec(said)?.[1]),
    login,
    deniedTopic,
    restart: started.restart,
    configuration:
      "Debian's, with rabbitmq_mqtt; anonymous clients allowed, one user, with a topic permission; all else as it comes",
  };
}

async function ejabberd(): Promise<CheckedPeer> {
  const started = await startEjabberd();
  return {
    ...checked("ejabberd", started, (said) => /ejabberd (\d+\.\d+(?:\.\d+)?)/.exec(said)?.[1]),
    login,
    configuration: "Debian's, with mod_mqtt alone; any login is let in; it keeps sessions in memory, and is not " +
      "restarted",
  };
}

function checked(
  name: string,
  peer: BrokerPeer,
  version: (said: string) => string | undefined,
): Pick<CheckedPeer, "name" | "url" | "version" | typeof Symbol.asyncDispose> {
  const found = version(peer.child.said);
  if (found === undefined) throw new Error(`${name} did not say its version:\n${peer.child.said}`);
  const dispose = () => peer[Symbol.asyncDispose]();
  return { name, url: `mqtt://127.0.0.1:${peer.port}`, version: found, [Symbol.asyncDispose]: dispose };
}

/** The version of a package that does not contain it: the version pinned by the import map. */
export function packageVersion(name: "aedes" | "aedes-2"): string | undefined {
  const { scopes: { "./": packages } } = JSON.parse(
    Deno.readTextFileSync(new URL("../../../deno.json", import.meta.url)),
  );
  return /@(.+)$/.exec(packages[name])?.[1];
}
