/**
 * Brokers as `deno task docs:check` holds them to the standard: with a login and a topic that may not be published to
 * where the broker has such a thing, and with a way to restart it where it keeps sessions on disk.
 */
import { startEjabberd } from "./ejabberd_peer.ts";
import { type BrokerPeer, mosquittoWith, startAedes } from "./peers.ts";
import { startRabbitmq } from "./rabbitmq_peer.ts";

/** A broker to check. */
export interface CheckedPeer extends AsyncDisposable {
  /** Its name, which is also that of its profile. */
  readonly name: string;
  readonly url: string;
  /** Absent where it lets everyone in. */
  readonly login?: PeerLogin;
  readonly deniedTopic?: string;
  readonly version: string;
  /** How it was set up, for people. */
  readonly configuration: string;
  /** Stops it as a service manager does, and starts it again with what it has kept. */
  readonly restart?: () => Promise<void>;
}

/** Who logs in. */
export interface PeerLogin {
  readonly username: string;
  readonly password: string;
}

const login: PeerLogin = { username: "check", password: "right" };
const deniedTopic = "mqtt-sim-denied/topic";

/** All of them by name, in the order of the page. */
export const checkedPeers: Readonly<Record<string, () => Promise<CheckedPeer>>> = {
  mosquitto,
  aedes,
  rabbitmq,
  ejabberd,
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
  const started = await startAedes([deniedTopic]);
  return {
    ...checked("aedes", started, aedesVersion),
    deniedTopic,
    configuration:
      "on Node's net under Deno, in memory; `authorizePublish` denies one topic, all else as it comes; it keeps " +
      "nothing over a restart, and is not restarted",
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

/** It does not say its version: it is the one that the import map pins. */
export function aedesVersion(): string | undefined {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  return /@(.+)$/.exec(imports.aedes)?.[1];
}
