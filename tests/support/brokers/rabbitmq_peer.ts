/**
 * RabbitMQ with its MQTT plugin as a child process: free loopback ports, a temporary directory, a separate node name
 * and epmd; the test ends both by their process ids. It uses and disturbs no system service.
 */
import { ChildProcess } from "../machine/child_process.ts";
import { freePort } from "../machine/free_port.ts";
import { find, type Peer, ready, restartable, type RestartablePeer } from "./peers.ts";
import type { Place } from "./supervised_peer.ts";

/** The program of the server. */
export const rabbitmqServer = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const epmd = "/usr/bin/epmd";

/** RabbitMQ of Debian's package. */
export const rabbitmq: Peer = await findServer();

async function findServer(): Promise<Peer> {
  const install = "apt-get install rabbitmq-server";
  const erlang = await find(["/usr/bin/erl"], ["-version"], install, 0);
  const there = await Deno.stat(rabbitmqServer).then(({ isFile }) => isFile, () => false);
  return { program: erlang.program !== "" && there ? rabbitmqServer : "", install };
}

/** The longest start time of a working node. */
const startMs = 120_000;

/** The user with a login, and the topic that refuses publishing. */
export interface RabbitmqUser {
  readonly login: { readonly username: string; readonly password: string };
  readonly deniedTopic: string;
}

/**
 * RabbitMQ on a free port, with MQTT only, and these configuration lines. It needs a login only if a user is given.
 * With a place given, it keeps its data there.
 */
export async function startRabbitmq(
  configLines: readonly string[] = [],
  user?: RabbitmqUser,
  place?: Place,
): Promise<RestartablePeer> {
  const home = place?.home ?? await Deno.makeTempDir({ prefix: "rabbitmq" });
  const { port = freePort(), inner: [epmdPort, distributionPort] = [freePort(), freePort()] } = place ?? {};
  const lines = [...rabbitmqBasics(port), ...configLines];
  if (user !== undefined) {
    await Deno.writeTextFile(`${home}/definitions.json`, JSON.stringify(definitions(user)));
    lines.push(`mqtt.default_user = ${user.login.username}`, `load_definitions = ${home}/definitions.json`);
  }
  await Deno.writeTextFile(`${home}/rabbitmq.conf`, [...lines, ""].join("\n"));
  await Deno.writeTextFile(`${home}/enabled_plugins`, "[rabbitmq_mqtt].\n");
  const names = new ChildProcess(epmd, ["-port", String(epmdPort), "-address", "127.0.0.1"]);
  const start = () => {
    const child = new ChildProcess(rabbitmqServer, [], {
      cwd: home,
      env: rabbitmqVariables(home, epmdPort, distributionPort),
    });
    return ready(child, /Server startup complete/, () => port, startMs);
  };
  return await restartable(start, async () => {
    await names[Symbol.asyncDispose]();
    if (place === undefined) await removed(home);
  });
}

/** One user, with every permission except publishing to one topic. */
function definitions({ login: { username, password }, deniedTopic }: RabbitmqUser) {
  const everything = { user: username, vhost: "/", configure: ".*", write: ".*", read: ".*" };
  const routingKey = deniedTopic.replaceAll("/", "[.]");
  return {
    users: [{ name: username, password, tags: "" }],
    vhosts: [{ name: "/" }],
    permissions: [everything],
    topic_permissions: [{
      user: username,
      vhost: "/",
      exchange: "amq.topic",
      write: `^(?!${routingKey}$)`,
      read: ".*",
    }],
  };
}

/** Configuration lines of every node. */
export function rabbitmqBasics(port: number): string[] {
  return [
    "listeners.tcp = none",
    `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
    "mqtt.allow_anonymous = true",
    "loopback_users = none",
    "log.console = true",
    "log.console.level = info",
    "log.file = false",
  ];
}

/** The environment of a node in its own folder. */
export function rabbitmqVariables(
  home: string,
  epmdPort: number,
  distributionPort: number,
): Record<string, string> {
  return {
    HOME: home,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    // The started process becomes the node, so that its id is the one to end.
    RUNNING_UNDER_SYSTEMD: "1",
    RABBITMQ_NODENAME: `mqtt-sim-${epmdPort}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_CONFIG_FILE: `${home}/rabbitmq.conf`,
    RABBITMQ_ADVANCED_CONFIG_FILE: "/dev/null",
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: `${home}/enabled_plugins`,
    RABBITMQ_FEATURE_FLAGS_FILE: `${home}/feature_flags`,
    RABBITMQ_GENERATED_CONFIG_DIR: `${home}/generated`,
    RABBITMQ_MNESIA_BASE: `${home}/mnesia`,
    RABBITMQ_LOG_BASE: `${home}/log`,
    RABBITMQ_PID_FILE: `${home}/pid`,
  };
}

/** Child processes of the node may write after its end. */
async function removed(home: string): Promise<void> {
  for (let left = 5; left > 0; left--) {
    try {
      return await Deno.remove(home, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (left === 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
