import { freePort } from "../machine/free_port.ts";
/** Three nats-servers that form a cluster with JetStream, as the rendezvous of a run in parts. */
import { type NatsServer, startNatsServer } from "./nats_server.ts";

/** A cluster of which each node can be killed. */
export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly NatsServer[];
  /** The URLs of all nodes, with commas. */
  readonly url: string;
  /** The place of the node that leads the key-value store of the runs. */
  leader(): Promise<number>;
  /** The state of JetStream at each node that answers, for a failure. */
  state(): Promise<string>;
}

interface Streams {
  readonly meta_cluster?: { readonly leader?: string };
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly cluster?: { readonly leader?: string } }[];
  }[];
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function streamsOf(port: number): Promise<Streams> {
  return await (await fetch(`http://127.0.0.1:${port}/jsz?accounts=true&streams=true`)).json();
}

/** Starts it, and waits until the nodes have chosen a leader. */
export async function startNatsCluster(): Promise<NatsCluster> {
  const names = ["a", "b", "c"];
  const ports = new Set<number>();
  while (ports.size < 2 * names.length) ports.add(freePort());
  const [routes, monitors] = [[...ports].slice(0, names.length), [...ports].slice(names.length)];
  const all = routes.map((port) => `nats://127.0.0.1:${port}`).join(",");
  const nodes = await Promise.all(names.map((name, place) =>
    startNatsServer([
      ...["-n", name, "-m", String(monitors[place]), "-cluster_name", "parts", "-routes", all],
      ...["-cluster", `nats://127.0.0.1:${routes[place]}`],
    ])
  ));
  while ((await streamsOf(monitors[0]!)).meta_cluster?.leader === undefined) await later(100);
  return {
    nodes,
    url: nodes.map(({ url }) => url).join(","),
    async leader() {
      const { account_details } = await streamsOf(monitors[0]!);
      const streams = account_details?.flatMap(({ stream_detail }) => stream_detail ?? []) ?? [];
      const place = names.indexOf(streams.find(({ name }) => name === "KV_mqtt-sim")?.cluster?.leader ?? "");
      if (place < 0) throw new Error(`no leader of the store: ${JSON.stringify(streams)}`);
      return place;
    },
    async state() {
      const states = await Promise.all(monitors.map((port) => streamsOf(port).catch(() => "no answer")));
      return JSON.stringify(states, null, 1);
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    },
  };
}
