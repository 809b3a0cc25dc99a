/**
 * The brokers of the pages in docs: the embedded one, and those that this machine has, each started on a free port of
 * the loopback.
 */
import { startEjabberd } from "./ejabberd_peer.ts";
import { type BrokerPeer, mosquitto, startAedes, startMosquitto } from "./peers.ts";
import { startRabbitmq } from "./rabbitmq_peer.ts";

const root = new URL("../../", import.meta.url);

/** A broker that is run for a page. */
export interface PageBroker {
  readonly name: string;
  readonly url: string;
  readonly version: string;
  readonly configuration: string;
  /** What restarts it, for scenarios that do; such a scenario is run where all brokers have one. */
  readonly restartCommand?: string;
  stop(): PromiseLike<void>;
}

const embedded: PageBroker = {
  name: "embedded",
  url: "embedded",
  version: "of these sources",
  configuration: "as it comes, in a thread of the fleet's process",
  stop: async () => {},
};

/** By name; each starts on a free port of the loopback. */
export const starters: Readonly<Record<string, () => Promise<PageBroker>>> = {
  embedded: () => Promise.resolve(embedded),
  mosquitto: async () =>
    peer(
      "mosquitto",
      await startMosquitto(),
      (said) => /mosquitto version (\S+)/.exec(said)?.[1],
      "Debian's; anonymous clients allowed, all else as it comes",
    ),
  aedes: async () =>
    peer("aedes", await startAedes(), aedesVersion, "on Node's net under Deno, in memory, as it comes"),
  rabbitmq: async () =>
    peer(
      "rabbitmq",
      await startRabbitmq(),
      (said) => /RabbitMQ\D+(\d+\.\d+\.\d+)/.exec(said)?.[1],
      "Debian's, with rabbitmq_mqtt; anonymous clients allowed",
    ),
  ejabberd: async () =>
    peer(
      "ejabberd",
      await startEjabberd(),
      (said) => /ejabberd (\d+\.\d+(?:\.\d+)?)/.exec(said)?.[1],
      "Debian's, with mod_mqtt alone; any login is let in",
    ),
};

function peer(
  name: string,
  { url, child, [Symbol.asyncDispose]: stop }: BrokerPeer,
  version: (said: string) => string | undefined,
  configuration: string,
): PageBroker {
  const found = version(child.said);
  if (found === undefined) throw new Error(`${name} did not say its version:\n${child.said}`);
  return { name, url, version: found, configuration, stop };
}

function aedesVersion(): string | undefined {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  return /@(.+)$/.exec(imports.aedes)?.[1];
}

/** Starts all of them; one that does not start takes the page with it: it would be another page without. */
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
