/**
 * The memory of each idle client with a will, its parts, and whether it grows while clients connect and disconnect:
 *
 *   deno task bench:memory [--engine epoll] [--clients 10000] [--churn 60] [--rate 0.05]
 *
 * The broker is a separate process with the flags of the task `mqtt-sim`; without `--engine` the bench runs one broker
 * for each engine in turn. The cost of a client is the resident memory 5 s after the last CONNECT, without a
 * collection, minus that of the broker before the first. Then the bench measures its parts. Live memory is what V8 uses
 * after a collection and releases once all clients have gone: objects, and the bytes of ArrayBuffers outside the heap.
 * The rest of the heap is garbage, free space and some code. All other memory belongs to the runtime: its allocations
 * from the operating system, and the part of the program that first ran for a client.
 *
 * With `--churn`, kills and reconnects follow for that many seconds, at that share of the clients each second, with ten
 * readings; `--collect` collects garbage before each. Growth without `--collect` only is garbage that V8 has not
 * collected yet.
 */
import { type EngineName, engines } from "../../src/net/engine.ts";
import { programFlags } from "../../tools/tasks/program_flags.ts";
import { connectBytes } from "./peers/packets.ts";

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  /** The resident part of the heap. */
  readonly heapResident: number;
  /** Bytes of ArrayBuffers. */
  readonly external: number;
  readonly online: number;
  readonly wills: number;
}

const connecting = 50;
const settleMs = 5_000;

function numberAfter(name: string, fallback: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The V8 flags of the task `mqtt-sim`, and the flag for collection. */
function v8Flags(): string {
  const flags = programFlags().find((word) => word.startsWith("--v8-flags="));
  return `${flags ?? "--v8-flags="},--expose-gc`;
}

class BrokerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = "";

  constructor(engine: EngineName) {
    const script = new URL("./memory_broker.ts", import.meta.url).pathname;
    const args = ["run", "--no-prompt", "--no-check", v8Flags(), "--allow-net", "--allow-ffi", "--allow-read"];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...args, "--ignore-env", script, engine],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.getReader();
  }

  async line<T>(): Promise<T> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line);
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the broker's process has ended");
      this.#rest += new TextDecoder().decode(value);
    }
  }

  /** The current memory, or the memory after a collection. */
  async memory(collect: boolean): Promise<Memory> {
    await this.#writer.write(new TextEncoder().encode(collect ? "c" : "l"));
    return await this.line<Memory>();
  }

  async stop(): Promise<void> {
    await this.#writer.close();
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

async function connect(port: number, number: number): Promise<Deno.TcpConn> {
  const link = await Deno.connect({ hostname: "127.0.0.1", port });
  await link.write(connectBytes(`device-${number}`, 0, `devices/${number}/status`, 1));
  await link.read(new Uint8Array(64));
  return link;
}

async function connectAll(port: number, count: number): Promise<Deno.TcpConn[]> {
  const links: Deno.TcpConn[] = [];
  for (let from = 0; from < count; from += connecting) {
    const size = Math.min(connecting, count - from);
    links.push(...await Promise.all(Array.from({ length: size }, (_, at) => connect(port, from + at))));
  }
  return links;
}

/** Each 0.1 s kills a share of the clients, which reconnect at once. */
async function churn(port: number, links: Deno.TcpConn[], seconds: number, rate: number): Promise<number> {
  let [at, lives] = [0, 0];
  for (let step = 0; step < seconds * 10; step++) {
    const tenth = wait(100);
    const dying = Array.from({ length: Math.round(links.length * rate / 10) }, () => at++ % links.length);
    for (const number of dying) links[number]!.close();
    await Promise.all(dying.map(async (number) => links[number] = await connect(port, number)));
    lives += dying.length;
    await tenth;
  }
  return lives;
}

function show(what: string, { rss, heapUsed, heapResident, external, online, wills }: Memory): void {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  print(
    `${what}: rss ${mb(rss)}, heap ${mb(heapUsed)} of ${mb(heapResident)}, external ${mb(external)}; ` +
      `${online} online, ${wills} wills`,
  );
}

/** All clients have disconnected: collects until the broker has seen it. */
async function allGone(broker: BrokerProcess, links: readonly Deno.TcpConn[]): Promise<Memory> {
  for (const link of links) link.close();
  let last = await broker.memory(true);
  for (let look = 0; look < 100 && last.online > 0; look++) {
    await wait(200);
    last = await broker.memory(true);
  }
  return last;
}

interface Looks {
  readonly before: Memory;
  readonly after: Memory;
  readonly collected: Memory;
  readonly gone: Memory;
}

function showEach(clients: number, { before, after, collected, gone }: Looks): void {
  const each = (bytes: number) => Math.round(bytes / clients);
  const liveHeap = each(collected.heapUsed - gone.heapUsed);
  const liveExternal = each(collected.external - gone.external);
  const heap = each(after.heapResident - before.heapResident);
  const rss = each(after.rss - before.rss);
  print(
    `for each idle client with a will: ${rss} bytes of rss: ${liveHeap} live in the heap, ${heap - liveHeap} garbage ` +
      `and room there, ${liveExternal} in ArrayBuffers, ${rss - heap - liveExternal} the runtime's own`,
  );
}

async function measure(engine: EngineName): Promise<void> {
  const clients = numberAfter("--clients", 10_000);
  const churnS = numberAfter("--churn", 0);
  const broker = new BrokerProcess(engine);
  const { port } = await broker.line<{ port: number }>();
  await wait(1_000);
  const before = await broker.memory(false);
  show(`engine ${engine}, before`, before);
  const links = await connectAll(port, clients);
  await wait(settleMs);
  const after = await broker.memory(false);
  show("connected", after);
  const collected = await broker.memory(true);
  show("collected", collected);
  let lives = 0;
  for (let part = 1; part <= 10 && churnS > 0; part++) {
    lives += await churn(port, links, churnS / 10, numberAfter("--rate", 0.05));
    show(`${lives} lives later`, await broker.memory(Deno.args.includes("--collect")));
  }
  if (churnS > 0) show("collected", await broker.memory(true));
  const gone = await allGone(broker, links);
  show("all gone", gone);
  showEach(clients, { before, after, collected, gone });
  await broker.stop();
}

const asked = Deno.args.indexOf("--engine");
const names = Object.keys(engines) as EngineName[];
for (const name of names) if (asked < 0 || Deno.args[asked + 1] === name) await measure(name);
