/** The attacked brokers: ours with a limit on its memory, and mosquitto with the settings of its package. */
import { ChildProcess } from "../../support/machine/child_process.ts";
import { freePort } from "../../support/machine/free_port.ts";
import { mosquitto, ready, startOurs } from "../../support/brokers/peers.ts";

export type BrokerName = "mqtt-sim" | "mosquitto";
export const brokerNames: readonly BrokerName[] = ["mqtt-sim", "mosquitto"];

export interface AttackedBroker extends AsyncDisposable {
  readonly name: BrokerName;
  readonly pid: number;
  readonly port: number;
  readonly webSocketPort: number;
  /** True while the process runs. */
  isAlive(): boolean;
  /** The memory that the broker counts, in bytes, and its refusals by name; empty if it does not report them. */
  counted(): Promise<Counted>;
}

/** What our broker reports. */
export interface Counted {
  readonly usedBytes: number | undefined;
  /** How often each limit was hit, the most frequent first. */
  readonly limits: readonly (readonly [string, number])[];
  readonly internalErrors: number;
}

const nothingCounted: Counted = { usedBytes: undefined, limits: [], internalErrors: 0 };

export function startAttacked(name: BrokerName, maxMemory: string, args: readonly string[] = []) {
  return name === "mqtt-sim" ? startMqttSim(["--max-memory", maxMemory, ...args]) : startMosquitto();
}

async function startMqttSim(args: readonly string[]): Promise<AttackedBroker> {
  const listen = ["--listen", "mqtt://127.0.0.1:0", "--listen", "ws://127.0.0.1:0", "--metrics", "0"];
  const child = startOurs(["broker", ...listen, ...args]);
  const peer = await ready(child, /mqtt:\/\/127\.0\.0\.1:(\d+)/, ([, port]) => Number(port));
  const [, webSocketPort] = await child.line(/ws:\/\/127\.0\.0\.1:(\d+)/);
  const [, metricsUrl] = await child.line(/(http:\/\/\S+\/metrics)/);
  return {
    ...broker("mqtt-sim", child, peer.port, Number(webSocketPort)),
    counted: async () => {
      try {
        const answer = await fetch(metricsUrl!, { signal: AbortSignal.timeout(5_000) });
        return countedOf(await answer.text());
      } catch {
        return nothingCounted;
      }
    },
  };
}

/** From the text of /metrics. */
export function countedOf(text: string): Counted {
  const value = (name: string) => Number(text.match(new RegExp(`^mqtt_sim_broker_${name} (\\S+)$`, "m"))?.[1] ?? 0);
  const limits = [...text.matchAll(/^mqtt_sim_broker_limits_hit_total\{limit="([\w-]+)"\} (\d+)$/gm)]
    .map(([, limit, count]) => [limit!, Number(count)] as const).filter(([, count]) => count > 0)
    .sort((one, other) => other[1] - one[1]);
  return { usedBytes: value("memory_used_bytes"), limits, internalErrors: value("internal_errors_total") };
}

async function startMosquitto(): Promise<AttackedBroker> {
  if (mosquitto.program === "") throw new Error(`mosquitto is missing: ${mosquitto.install}`);
  const [port, webSocketPort] = [freePort(), freePort()];
  const path = await Deno.makeTempFile({ prefix: "mosquitto", suffix: ".conf" });
  const lines = [
    ...["allow_anonymous true", "log_dest stderr", "log_type error", "log_type warning", "log_type information"],
    ...[`listener ${port} 127.0.0.1`, `listener ${webSocketPort} 127.0.0.1`, "protocol websockets", ""],
  ];
  await Deno.writeTextFile(path, lines.join("\n"));
  await Deno.chmod(path, 0o644); // mosquitto reads it as another user
  const child = new ChildProcess(mosquitto.program, ["-c", path]);
  try {
    await ready(child, /mosquitto version \S+ running/, () => port);
  } finally {
    await Deno.remove(path);
  }
  return { ...broker("mosquitto", child, port, webSocketPort), counted: () => Promise.resolve(nothingCounted) };
}

function broker(name: BrokerName, child: ChildProcess, port: number, webSocketPort: number) {
  let isAlive = true;
  // The limit is longer than any run.
  void child.exit(3_600_000).finally(() => isAlive = false);
  return {
    name,
    pid: child.pid,
    port,
    webSocketPort,
    isAlive: () => isAlive,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
