/**
 * Two nodes of a cluster, made of one broker: each node is a port that passes bytes on. A shell command stops a node:
 * its port closes, and every connection through it ends without a DISCONNECT. Another starts it again.
 */

/** The nodes, and the flags of a fleet on them. */
export interface NodeProxies extends AsyncDisposable {
  readonly flags: readonly string[];
}

const lookEveryMs = 20;

/** One node: a port that is open while its file exists. */
class NodeProxy {
  readonly #file: string;
  readonly #target: Deno.ConnectOptions;
  readonly port: number;
  #listener: Deno.TcpListener | undefined;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(file: string, target: Deno.ConnectOptions) {
    this.#file = file;
    this.#target = target;
    Deno.writeTextFileSync(file, "");
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    void this.#accept(this.#listener);
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#close();
  }

  #look(): void {
    const isUp = exists(this.#file);
    if (!isUp && this.#listener !== undefined) this.#close();
    if (!isUp || this.#listener !== undefined) return;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    void this.#accept(this.#listener);
  }

  #close(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#open) end(connection);
    this.#open.clear();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const client of listener) {
      this.#open.add(client);
      void this.#join(client).catch(() => end(client));
    }
  }

  async #join(client: Deno.TcpConn): Promise<void> {
    const broker = await Deno.connect(this.#target);
    this.#open.add(broker);
    const pass = (from: Deno.TcpConn, to: Deno.TcpConn) =>
      from.readable.pipeTo(to.writable).catch(() => {}).finally(() => [from, to].forEach(end));
    await Promise.all([pass(client, broker), pass(broker, client)]);
    this.#open.delete(client);
    this.#open.delete(broker);
  }
}

function end(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Starts the nodes n1 and n2 before a broker. */
export async function startNodeProxies(broker: string): Promise<NodeProxies> {
  const folder = await Deno.makeTempDir({ prefix: "nodes" });
  const { hostname, port } = new URL(broker.replace(/^mqtt:/, "http:"));
  const names = ["n1", "n2"];
  const nodes = names.map((name) => new NodeProxy(`${folder}/${name}`, { hostname, port: Number(port) }));
  return {
    flags: [
      ...names.flatMap((name, place) => ["--node", `${name}=mqtt://127.0.0.1:${nodes[place]!.port}`]),
      ...["--node-stop", `rm ${folder}/{node}`, "--node-start", `touch ${folder}/{node}`],
    ],
    async [Symbol.asyncDispose]() {
      for (const node of nodes) node.stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
