/**
 * Real peers for tests/e2e: brokers as child processes on free loopback ports, each ended by its process id, and the
 * paths of the programs on this machine. In CI a missing program is a failure; elsewhere its tests are skipped, with a
 * note on its installation.
 */
import { programFlags } from "../../../tools/tasks/program_flags.ts";
import { ChildProcess } from "../machine/child_process.ts";
import { freePort } from "../machine/free_port.ts";
import { asGranted } from "./granted.ts";
import { endProcess } from "../machine/processes.ts";

/** A program that a test needs. */
export interface Peer {
  /** The program's path; empty when it is missing. */
  readonly program: string;
  /** How to install it. */
  readonly install: string;
}

export const mosquitto = await find(["mosquitto", "/usr/sbin/mosquitto"], ["-h"], "apt-get install mosquitto");
const mosquittoPasswords = "mosquitto_passwd";
export const mosquittoClients = await find(["mosquitto_sub"], ["--help"], "apt-get install mosquitto-clients");
export const paho = await find(
  ["python3", "/usr/bin/python3"],
  ["-c", "import paho.mqtt.client"],
  "apt-get install python3-paho-mqtt",
  0,
);

export const pahoC = await find(["paho_c_sub"], ["-?"], "apt-get install paho.mqtt.c-examples");

export const nft = await find(["nft", "/usr/sbin/nft"], ["--version"], "apt-get install nftables", 0);
export const promtool = await find(["promtool"], ["--version"], "apt-get install prometheus", 0);

export const chromium = await find(["/usr/bin/chromium"], ["--version"], "apt-get install chromium", 0);

/** A broker that runs as a child process. */
export interface BrokerPeer extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly url: string;
  readonly child: ChildProcess;
}

/** A test with a time limit that needs peers. */
export function peerTest(name: string, needs: readonly Peer[], test: () => Promise<void>, limitMs = 60_000): void {
  const missing = needs.filter((peer) => peer.program === "").map((peer) => peer.install);
  if (missing.length === 0) return Deno.test(name, () => within(limitMs, test));
  const title = `${name} (needs: ${missing.join(", ")})`;
  if (Deno.env.get("CI") !== "true") return Deno.test.ignore(title, test);
  Deno.test(title, () => Promise.reject(new Error(`missing in CI: ${missing.join(", ")}`)));
}

/** mosquitto on a free port, with these further configuration lines; the child's lines contain its log. */
export async function startMosquitto(configLines: readonly string[] = [], port = freePort()): Promise<BrokerPeer> {
  const basics = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "log_dest stderr", "log_type all"];
  const path = await Deno.makeTempFile({ prefix: "mosquitto", suffix: ".conf" });
  await Deno.writeTextFile(path, [...basics, ...configLines, ""].join("\n"));
  await Deno.chmod(path, 0o644); // mosquitto reads it as another user
  const child = new ChildProcess(mosquitto.program, ["-c", path]);
  try {
    return await ready(child, /mosquitto version \S+ running/, () => port);
  } finally {
    await Deno.remove(path);
  }
}

/** mosquitto with a store, and the command that restarts it. */
export interface StoredMosquitto extends BrokerPeer {
  restartCommand(signal: "TERM" | "KILL"): string;
}

/** mosquitto on a free port with a store, which it writes at each change. */
export async function startStoredMosquitto(): Promise<StoredMosquitto> {
  const folder = await Deno.makeTempDir({ prefix: "mosquitto" });
  await Deno.chmod(folder, 0o777); // mosquitto writes as another user
  const [path, pid] = [`${folder}/mosquitto.conf`, `${folder}/pid`];
  const port = freePort();
  const store = ["persistence true", `persistence_location ${folder}/`, "autosave_interval 1"];
  const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "log_dest stderr", "log_type all", ...store];
  await Deno.writeTextFile(path, [...lines, "autosave_on_changes true", "max_queued_messages 0", ""].join("\n"));
  await Deno.chmod(path, 0o644);
  const child = new ChildProcess(mosquitto.program, ["-c", path]);
  const peer = await ready(child, /mosquitto version \S+ running/, () => port);
  await Deno.writeTextFile(pid, `${child.pid}`);
  return {
    ...peer,
    restartCommand: (signal) =>
      `p=$(cat ${pid}); kill -${signal} $p; while kill -0 $p 2>/dev/null; do sleep 0.05; done; ` +
      `${mosquitto.program} -c ${path} >/dev/null 2>&1 & echo $! >${pid}`,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await endProcess(Number(await Deno.readTextFile(pid)));
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The settings of {@link mosquittoWith}. */
export interface MosquittoSetup {
  readonly login: { readonly username: string; readonly password: string };
  /** The topics that clients may publish to; they may subscribe to all. */
  readonly writable: string;
}

/** mosquitto with a login, an ACL and persistence; it can be restarted on the same port and file. */
export async function mosquittoWith({ login, writable }: MosquittoSetup): Promise<RestartablePeer> {
  const port = freePort();
  const folder = await Deno.makeTempDir({ prefix: "mosquitto" });
  const config = [
    `listener ${port} 127.0.0.1`,
    // The broker accepts a client without a user name, so that a missing name is no reason to refuse a CONNECT.
    "allow_anonymous true",
    `password_file ${folder}/passwords`,
    `acl_file ${folder}/acl`,
    "persistence true",
    `persistence_location ${folder}/`,
    // Without this line, mosquitto started by root reads its files as another user.
    "user root",
    "log_dest stderr",
  ];
  await Deno.writeTextFile(`${folder}/mosquitto.conf`, `${config.join("\n")}\n`);
  await Deno.writeTextFile(
    `${folder}/acl`,
    [[], [`user ${login.username}`]].map((who) =>
      [...who, "topic read #", "topic read $SYS/#", `topic write ${writable}`, ""].join("\n")
    ).join(""),
  );
  await Deno.writeTextFile(`${folder}/passwords`, "");
  const made = new ChildProcess(mosquittoPasswords, ["-b", `${folder}/passwords`, login.username, login.password]);
  if ((await made.exit()).code !== 0) throw new Error(made.said);
  return restartable(
    () =>
      ready(
        new ChildProcess(mosquitto.program, ["-c", `${folder}/mosquitto.conf`]),
        /mosquitto version \S+ running/,
        () => port,
      ),
    () => Deno.remove(folder, { recursive: true }),
  );
}

/** A broker that restarts as a service does: by SIGTERM, with its stored data. */
export interface RestartablePeer extends BrokerPeer {
  restart(): Promise<void>;
}

/** Makes one from its start function; `clear` runs after its end. */
export async function restartable(
  start: () => Promise<BrokerPeer>,
  clear: () => Promise<void>,
): Promise<RestartablePeer> {
  try {
    const first = await start();
    let child = first.child;
    return {
      ...first,
      async restart() {
        child.kill("SIGTERM");
        await child.exit(60_000);
        ({ child } = await start());
      },
      async [Symbol.asyncDispose]() {
        await child[Symbol.asyncDispose]();
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** The settings of {@link startAedes}. */
export interface AedesSettings {
  /** The topic that no client may publish to. */
  readonly deniedTopic?: string;
  /** Only version 2: the longest session expiry in seconds that it grants; 0 for no limit. */
  readonly sessionExpiryIntervalLimit?: number;
  /** Only version 2: the largest packet in bytes that it accepts; 0 for no limit. */
  readonly maximumPacketSize?: number;
  /** Only version 2: how many unacknowledged PUBLISH it accepts; 0 for no limit. */
  readonly receiveMaximum?: number;
}

/** aedes 1.2 (MQTT 3.1.1) without persistence, by default on a free port. */
export function startAedes(settings: AedesSettings = {}, port = 0): Promise<BrokerPeer> {
  return startAedesOf("1", settings, port);
}

/** aedes 2.0.0-beta.1 (MQTT 3.1.1 and 5.0) without persistence, by default on a free port. */
export function startAedes2(settings: AedesSettings = {}, port = 0): Promise<BrokerPeer> {
  return startAedesOf("2", settings, port);
}

function startAedesOf(version: "1" | "2", settings: AedesSettings, port: number): Promise<BrokerPeer> {
  const script = new URL("./aedes_broker.ts", import.meta.url).pathname;
  const flags = ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--ignore-env"];
  return ready(
    new ChildProcess(Deno.execPath(), [...flags, script, version, String(port), JSON.stringify(settings)]),
    /^listening on (\d+)$/,
    ([, port]) => Number(port),
  );
}

/** `mqtt-sim broker` from the sources, on a free port. */
export function startOurBroker(
  args: readonly string[] = [],
  runtimeFlags: readonly string[] = [],
): Promise<BrokerPeer> {
  return brokerReady(startOurs(["broker", "--host", "127.0.0.1", "--port", "0", ...args], runtimeFlags));
}

/**
 * mqtt-sim from the sources, with the permissions that its task gives it, of those that this process has.
 *
 * @param runtimeFlags for the runtime, besides those of the task
 */
export function startOurs(args: readonly string[], runtimeFlags: readonly string[] = []): ChildProcess {
  const root = new URL("../../../", import.meta.url);
  const flags = asGranted(programFlags());
  return new ChildProcess(Deno.execPath(), ["run", ...runtimeFlags, ...flags, "cli.ts", ...args], { cwd: root });
}

/** The binary of `deno task compile`, if it exists. */
export function findBinary(): Promise<Peer> {
  return find([new URL("../../../dist/mqtt-sim", import.meta.url).pathname], ["--help"], "deno task compile", 0);
}

/** The compiled binary with these arguments. */
export function startCompiled(binary: Peer, args: readonly string[]): ChildProcess {
  return new ChildProcess(binary.program, args);
}

/** Waits for the start line of `mqtt-sim broker`. */
export function brokerReady(child: ChildProcess): Promise<BrokerPeer> {
  return ready(child, /mqtt:\/\/127\.0\.0\.1:(\d+)/, ([, port]) => Number(port));
}

/** Returns the broker when it prints the line; ends it on failure. */
export async function ready(
  child: ChildProcess,
  line: RegExp,
  portOf: (match: RegExpMatchArray) => number,
  limitMs?: number,
): Promise<BrokerPeer> {
  try {
    const port = portOf(await child.line(line, limitMs === undefined ? {} : { limitMs }));
    const host = "127.0.0.1";
    return {
      host,
      port,
      url: `mqtt://${host}:${port}`,
      child,
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs the first of the programs that starts and, if `code` is given, ends with it. */
export async function find(programs: string[], args: string[], install: string, code?: number): Promise<Peer> {
  for (const program of programs) {
    try {
      const output = await new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).output();
      if (code === undefined || output.code === code) return { program, install };
    } catch (error) {
      const { NotCapable, NotFound, PermissionDenied } = Deno.errors;
      if (![NotCapable, NotFound, PermissionDenied].some((kind) => error instanceof kind)) throw error;
    }
  }
  return { program: "", install };
}

async function within(limitMs: number, test: () => Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const id = setTimeout(() => reject(new Error(`not done within ${limitMs} ms`)), limitMs);
  try {
    await Promise.race([test(), promise]);
  } finally {
    clearTimeout(id);
  }
}
