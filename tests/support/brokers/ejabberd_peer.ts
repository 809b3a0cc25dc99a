/**
 * ejabberd with mod_mqtt as a child process: a free loopback port and a temporary directory; a node without a name, so
 * that it needs neither epmd nor cookie. The test ends it by its process id.
 */
import { ChildProcess } from "../machine/child_process.ts";
import { freePort } from "../machine/free_port.ts";
import { type BrokerPeer, find, type Peer, ready } from "./peers.ts";
import type { Place } from "./supervised_peer.ts";

const control = "/usr/sbin/ejabberdctl";
/** The folder of its modules; undefined if it is not installed. */
export const erlangLibraries = await findLibraries();

/** ejabberd of Debian's package. */
export const ejabberd: Peer = {
  program: erlangLibraries === undefined ? "" : (await find(["/usr/bin/erl"], ["-version"], "", 0)).program,
  install: "apt-get install ejabberd",
};

/** The folder of its modules, from its control script; undefined if there is none. */
async function findLibraries(): Promise<string | undefined> {
  const script = await Deno.readTextFile(control).catch(() => "");
  return /^ERL_LIBS='([^']+)'/m.exec(script)?.[1];
}

/** Accepts every client with a user name, with any password. */
export const login = { username: "fleet", password: "any" } as const;

/** ejabberd on a free port; its URL contains the required login. With a place given, it keeps its data there. */
export async function startEjabberd(place?: Place): Promise<BrokerPeer> {
  const home = place?.home ?? await Deno.makeTempDir({ prefix: "ejabberd" });
  const port = place?.port ?? freePort();
  await Deno.writeTextFile(`${home}/ejabberd.yml`, ejabberdConfiguration(port));
  const env = {
    HOME: home,
    ERL_LIBS: erlangLibraries ?? "",
    EJABBERD_CONFIG_PATH: `${home}/ejabberd.yml`,
    EJABBERD_LOG_PATH: `${home}/ejabberd.log`,
    EJABBERD_PID_PATH: `${home}/pid`,
  };
  const flags = ["-noinput", "+K", "true", "-mnesia", "dir", `"${home}/spool"`, "-s", "ejabberd"];
  const child = new ChildProcess(ejabberd.program, flags, { cwd: home, env });
  const clear = async () => {
    await child[Symbol.asyncDispose]();
    if (place === undefined) await Deno.remove(home, { recursive: true });
  };
  try {
    const peer = await ready(
      child,
      /Start accepting TCP connections at 127\.0\.0\.1:\d+ for mod_mqtt/,
      () => port,
      60_000,
    );
    const url = `mqtt://${login.username}:${login.password}@127.0.0.1:${port}`;
    return { ...peer, url, [Symbol.asyncDispose]: clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** The configuration of a node. */
export function ejabberdConfiguration(port: number): string {
  return `hosts: [localhost]
loglevel: info
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: mod_mqtt
    backlog: 1000
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
modules:
  mod_mqtt: {}
`;
}
