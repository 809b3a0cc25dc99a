/**
 * nats-server with MQTT on JetStream as a child process: free loopback ports, a store in a temporary directory. The
 * test ends it by its process id.
 */
import { ChildProcess } from "../machine/child_process.ts";
import { freePort } from "../machine/free_port.ts";
import { find, type Peer, ready, restartable, type RestartablePeer } from "./peers.ts";
import type { Place } from "./supervised_peer.ts";

/** nats-server of Debian's package. */
export const nats: Peer = await find(
  ["nats-server", "/usr/sbin/nats-server"],
  ["--version"],
  "apt-get install nats-server",
  0,
);

/** A user of the server, and a topic to which no client may publish. */
export interface NatsUser {
  readonly login: { readonly username: string; readonly password: string };
  readonly deniedTopic: string;
}

/**
 * nats-server on a free port. It needs no login: a client without a user name gets the permissions of the user. With a
 * place given, it keeps its store there.
 */
export async function startNats(user?: NatsUser, place?: Place): Promise<RestartablePeer> {
  const home = place?.home ?? await Deno.makeTempDir({ prefix: "nats" });
  const port = place?.port ?? freePort();
  const file = `${home}/nats.conf`;
  await Deno.writeTextFile(file, configuration(home, port, user));
  const start = () =>
    ready(
      new ChildProcess(nats.program, ["-c", file]),
      /Server is ready/,
      () => port,
    );
  return await restartable(start, async () => {
    if (place === undefined) await Deno.remove(home, { recursive: true });
  });
}

/** The port of NATS' own protocol is -1, a random one; the MQTT port stays the same over restarts. */
function configuration(home: string, port: number, user: NatsUser | undefined): string {
  return `server_name: "mqtt-sim"
listen: "127.0.0.1:-1"
jetstream { store_dir: "${home}/store" }
mqtt { host: "127.0.0.1", port: ${port} }
${user === undefined ? "" : authorization(user)}`;
}

function authorization({ login: { username, password }, deniedTopic }: NatsUser): string {
  const permissions = `{ publish: { deny: ["${deniedTopic.replaceAll("/", ".")}"] } }`;
  return `authorization {
  users: [
    { user: "${username}", password: "${password}", permissions: ${permissions} }
    { user: "anonymous", password: "anonymous", permissions: ${permissions} }
  ]
}
no_auth_user: "anonymous"
`;
}
