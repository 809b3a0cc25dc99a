/**
 * Memory for each idle client with a will, and whether it stays when clients come and go:
 *
 *   deno run --allow-net --allow-read --allow-run tests/bench/memory.ts [--clients 10000] [--churn 60] [--rate 0.05]
 *
 * The broker is a process of its own. With `--churn`, so many seconds of kills and reconnects follow, at that share of
 * the clients each second, with a reading every tenth of it, as it is; `--collect` collects rubbish before each. Growth
 * that `--collect` does not show is rubbish that V8 has had no reason to collect yet.
 */
import { connectBytes } from "../support/raw_mqtt.ts";

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly online: number;
  readonly wills: number;
}

const connecting = 50;

function numberAfter(name: string, fallback: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

class BrokerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = "";

  constructor() {
    const script = new URL("./memory_broker.ts", import.meta.url).pathname;
    const args = ["run", "--no-prompt", "--no-check", "--v8-flags=--expose-gc", "--allow-net", "--allow-read"];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...args, "--ignore-env", script],
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

  /** As it is, or after rubbish was collected. */
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
  const clientId = `device-${number}`;
  const willTopic = `devices/${number}/status`;
  await link.write(connectBytes({ version: 5, clientId, clean: true, keepAliveS: 0, willTopic }));
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

/** Every tenth of a second a share of the clients is killed, and comes back at once. */
async function churn(port: number, links: Deno.TcpConn[], seconds: number, rate: number): Promise<number> {
  let [at, lives] = [0, 0];
  for (let step = 0; step < seconds * 10; step++) {
    const wait = new Promise((resolve) => setTimeout(resolve, 100));
    const dying = Array.from({ length: Math.round(links.length * rate / 10) }, () => at++ % links.length);
    for (const number of dying) links[number]!.close();
    await Promise.all(dying.map(async (number) => links[number] = await connect(port, number)));
    lives += dying.length;
    await wait;
  }
  return lives;
}

function show(what: string, { rss, heapUsed, heapTotal, external, online, wills }: Memory): void {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  print(
    `${what}: rss ${mb(rss)}, heap ${mb(heapUsed)} of ${mb(heapTotal)}, external ${mb(external)}; ` +
      `${online} online, ${wills} wills`,
  );
}

const clients = numberAfter("--clients", 10_000);
const churnS = numberAfter("--churn", 0);
const broker = new BrokerProcess();
const { port } = await broker.line<{ port: number }>();
const before = await broker.memory(true);
show("before", before);
const links = await connectAll(port, clients);
const after = await broker.memory(true);
show("connected", after);
const each = (name: "rss" | "heapUsed") => Math.round((after[name] - before[name]) / clients);
print(`for each idle client with a will: ${each("rss")} bytes of rss, ${each("heapUsed")} of heap`);
let lives = 0;
for (let part = 1; part <= 10 && churnS > 0; part++) {
  lives += await churn(port, links, churnS / 10, numberAfter("--rate", 0.05));
  show(`${lives} lives later`, await broker.memory(Deno.args.includes("--collect")));
}
if (churnS > 0) show("collected", await broker.memory(true));
for (const link of links) link.close();
let last = await broker.memory(true);
for (let look = 0; look < 100 && last.online > 0; look++) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  last = await broker.memory(true);
}
show("all gone", last);
await broker.stop();
