/** Clusters of RabbitMQ, ejabberd and nats-server, of Debian's packages. */
import { ChildProcess } from "../../machine/child_process.ts";
import { freePort } from "../../machine/free_port.ts";
import { ejabberd, ejabberdConfiguration, erlangLibraries } from "../ejabberd_peer.ts";
import { nats } from "../nats_peer.ts";
import { rabbitmqBasics, rabbitmqServer, rabbitmqVariables } from "../rabbitmq_peer.ts";
import { type Cluster, cluster, type NodePlan } from "./cluster.ts";

const names = ["n1", "n2", "n3"] as const;

/** The folder of a cluster with one for each node. */
async function homeOf(prefix: string): Promise<string> {
  const home = await Deno.makeTempDir({ prefix });
  for (const name of names) await Deno.mkdir(`${home}/${name}`);
  return home;
}

/** Ports for each node, all different. */
function portsOf(each: number): number[][] {
  const taken = new Set<number>();
  while (taken.size < each * names.length) taken.add(freePort());
  const all = [...taken];
  return names.map((_, place) => all.slice(place * each, (place + 1) * each));
}

/** A cluster of Erlang nodes with an epmd of its own. */
async function erlangCluster(home: string, epmdPort: number, nodes: readonly NodePlan[]): Promise<Cluster> {
  for (const { name } of nodes) {
    await Deno.writeTextFile(`${home}/${name}/.erlang.cookie`, "mqttsim");
    await Deno.chmod(`${home}/${name}/.erlang.cookie`, 0o400);
  }
  const epmd = new ChildProcess("/usr/bin/epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"]);
  const made = await cluster(home, nodes);
  return {
    ...made,
    async [Symbol.asyncDispose]() {
      await made[Symbol.asyncDispose]();
      await epmd[Symbol.asyncDispose]();
    },
  };
}

/** RabbitMQ with three nodes. They start one after the other: at once, the registry of client ids may lack a node. */
export async function startRabbitmqCluster(): Promise<Cluster> {
  const home = await homeOf("mqtt-sim-rabbitmq");
  const epmdPort = freePort();
  const members = names.map((name, place) => `cluster_formation.classic_config.nodes.${place + 1} = ${name}@localhost`);
  const nodes = await Promise.all(
    portsOf(2).map(async ([port, distribution], place): Promise<NodePlan> => {
      const name = names[place]!;
      const lines = [
        ...rabbitmqBasics(port!),
        "cluster_formation.peer_discovery_backend = classic_config",
        ...members,
        "cluster_formation.randomized_startup_delay_range.min = 0",
        "cluster_formation.randomized_startup_delay_range.max = 1",
      ];
      await Deno.writeTextFile(`${home}/${name}/rabbitmq.conf`, [...lines, ""].join("\n"));
      await Deno.writeTextFile(`${home}/${name}/enabled_plugins`, "[rabbitmq_mqtt].\n");
      const env = {
        ...rabbitmqVariables(`${home}/${name}`, epmdPort, distribution!),
        RABBITMQ_NODENAME: `${name}@localhost`,
      };
      return { name, port: port!, command: [rabbitmqServer], env, ready: "Server startup complete" };
    }),
  );
  const made = await erlangCluster(home, epmdPort, nodes);
  return await started(made, async () => {
    for (const name of names) await made.start(name);
  });
}

/** ejabberd with three nodes, which join the first one. */
export async function startEjabberdCluster(): Promise<Cluster> {
  const home = await homeOf("mqtt-sim-ejabberd");
  const epmdPort = freePort();
  const erlang = { ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: "127.0.0.1" };
  const nodes = await Promise.all(
    portsOf(1).map(async ([port], place): Promise<NodePlan> => {
      const name = names[place]!;
      const folder = `${home}/${name}`;
      await Deno.writeTextFile(`${folder}/ejabberd.yml`, ejabberdConfiguration(port!));
      const env = {
        ...erlang,
        HOME: folder,
        ERL_LIBS: erlangLibraries ?? "",
        EJABBERD_CONFIG_PATH: `${folder}/ejabberd.yml`,
        EJABBERD_LOG_PATH: `${folder}/ejabberd.log`,
        EJABBERD_PID_PATH: `${folder}/pid`,
      };
      const distribution = ["-sname", `${name}@localhost`, "-kernel", "inet_dist_use_interface", "{127,0,0,1}"];
      const flags = [
        "-noinput",
        "+K",
        "true",
        ...distribution,
        "-mnesia",
        "dir",
        `"${folder}/spool"`,
        "-s",
        "ejabberd",
      ];
      const ready = "Start accepting TCP connections at 127.0.0.1:[0-9]* for mod_mqtt";
      return { name, port: port!, command: [ejabberd.program, ...flags], env, ready };
    }),
  );
  const made = await erlangCluster(home, epmdPort, nodes);
  return await started(made, async () => {
    await Promise.all(names.map((name) => made.start(name)));
    const joins = "[ok,ok]=[rpc:call(N,ejabberd_cluster,join,[n1@localhost])||N<-[n2@localhost,n3@localhost]],halt().";
    const env = { ...erlang, HOME: `${home}/n1` };
    const join = new ChildProcess(ejabberd.program, ["-noinput", "-sname", "join@localhost", "-eval", joins], { env });
    const { code } = await join.exit(60_000);
    if (code !== 0) throw new Error(join.said);
  });
}

/** nats-server with three nodes and replicated streams. */
export async function startNatsCluster(): Promise<Cluster> {
  const home = await homeOf("mqtt-sim-nats");
  const ports = portsOf(2);
  const routes = ports.map(([, route]) => `"nats://127.0.0.1:${route}"`).join(", ");
  const nodes = await Promise.all(ports.map(async ([port, route], place): Promise<NodePlan> => {
    const name = names[place]!;
    const file = `${home}/${name}/nats.conf`;
    await Deno.writeTextFile(
      file,
      `server_name: "${name}"
listen: "127.0.0.1:-1"
jetstream { store_dir: "${home}/${name}/store" }
cluster { name: "c", listen: "127.0.0.1:${route}", routes: [${routes}] }
mqtt { host: "127.0.0.1", port: ${port} }
`,
    );
    return { name, port: port!, command: [nats.program, "-c", file], env: {}, ready: "Server is ready" };
  }));
  const made = await cluster(home, nodes);
  return await started(made, async () => void await Promise.all(names.map((name) => made.start(name))));
}

/** The cluster once its nodes run; a failed start frees everything. */
async function started(made: Cluster, start: () => Promise<void>): Promise<Cluster> {
  try {
    await start();
    return made;
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}
