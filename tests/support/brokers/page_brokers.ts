/**
 * The brokers of the pages in docs: the embedded one, and those of this machine. Each starts on a free loopback port,
 * and again when its restart command has ended it.
 */
import { startEjabberd } from "./ejabberd_peer.ts";
import { packageVersion } from "./checked_peers.ts";
import { startNats } from "./nats_peer.ts";
import { mosquitto, startAedes, startAedes2, startMosquitto } from "./peers.ts";
import { startRabbitmq } from "./rabbitmq_peer.ts";
import { supervised, type SupervisedPeer } from "./supervised_peer.ts";

/** A broker of a page. */
export interface PageBroker {
  readonly name: string;
  /** The name of its profile, if it differs. */
  readonly profile?: string;
  readonly url: string;
  readonly version: string;
  readonly configuration: string;
  /** The command that restarts it, and the state that survives. */
  readonly restart: string;
  readonly restartCommand?: string;
  pid?(): number;
  stop(): PromiseLike<void>;
}

const embedded: PageBroker = {
  name: "embedded",
  url: "embedded",
  version: "of these sources",
  configuration: "as it comes, in a thread of the fleet's process",
  restart: "the fleet's own: killed and started again, on a store",
  stop: async () => {},
};

/** By name; each starts on a free loopback port. */
export const starters: Readonly<Record<string, () => Promise<PageBroker>>> = {
  embedded: () => Promise.resolve(embedded),
  mosquitto: async () =>
    peer(
      "mosquitto",
      await supervised("mosquitto", ({ home, port }) => {
        return startMosquitto(["persistence true", `persistence_location ${home}/`], port);
      }),
      (said) => /mosquitto version (\S+)/.exec(said)?.[1],
      "Debian's; anonymous clients allowed, `persistence true` as in Debian's configuration, all else as it comes",
      "SIGTERM, then started again: sessions and retained messages are on disk",
    ),
  aedes: async () =>
    peer(
      "aedes",
      await supervised("aedes", ({ port }) => startAedes({}, port)),
      () => packageVersion("aedes"),
      "on Node's net under Deno, in memory, as it comes",
      "SIGTERM, then started again: it keeps nothing, so what its watchers were owed meanwhile cannot be seen",
    ),
  "aedes-2": async () =>
    peer(
      "aedes-2",
      await supervised("aedes-2", ({ port }) => startAedes2({}, port)),
      () => packageVersion("aedes-2"),
      "on Node's net under Deno, in memory, as it comes",
      "SIGTERM, then started again: it keeps nothing, so what its watchers were owed meanwhile cannot be seen",
    ),
  rabbitmq: async () =>
    peer(
      "rabbitmq",
      await supervised("rabbitmq", (place) => startRabbitmq([], undefined, place)),
      (said) => /RabbitMQ\D+(\d+\.\d+\.\d+)/.exec(said)?.[1],
      "Debian's, with rabbitmq_mqtt; anonymous clients allowed",
      "SIGTERM, then started again in the same folder: its database is on disk",
    ),
  ejabberd: async () =>
    peer(
      "ejabberd",
      await supervised("ejabberd", (place) => startEjabberd(place)),
      (said) => /ejabberd (\d+\.\d+(?:\.\d+)?)/.exec(said)?.[1],
      "Debian's, with mod_mqtt alone; any login is let in",
      "SIGTERM, then started again in the same folder: its database is on disk, MQTT sessions are in memory",
    ),
  nats: async () =>
    peer(
      "nats",
      await supervised("nats", (place) => startNats(undefined, place)),
      (said) => /Version: +(\d+\.\d+\.\d+)/.exec(said)?.[1],
      "Debian's nats-server with `mqtt` on JetStream, all else as it comes",
      "SIGTERM, then started again in the same folder: JetStream's store is on disk",
    ),
};

function peer(
  name: string,
  { said, ...broker }: SupervisedPeer,
  version: (said: string) => string | undefined,
  configuration: string,
  restart: string,
): PageBroker {
  const found = version(said);
  if (found === undefined) throw new Error(`${name} did not say its version:\n${said}`);
  return { name, version: found, configuration, restart, ...broker };
}

/** Starts all of them. The page fails if one does not start, because it would be incomplete. */
export async function startAll(say: (text: string) => void): Promise<PageBroker[]> {
  if (mosquitto.program === "") throw new Error(`Cannot start mosquitto: ${mosquitto.install}`);
  const started: PageBroker[] = [];
  try {
    for (const [name, start] of Object.entries(starters)) {
      say(`${name} is started`);
      started.push(await start());
    }
    return started;
  } catch (error) {
    for (const broker of started) await broker.stop();
    throw error;
  }
}
