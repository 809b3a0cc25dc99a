/** nats-server with JetStream as the rendezvous of a run in parts: a free port, a store in its own folder. */
import { ChildProcess } from "../machine/child_process.ts";
import { freePort } from "../machine/free_port.ts";
import { ready } from "../brokers/peers.ts";
import { nats } from "../brokers/nats_peer.ts";

/** A server that can be ended and started again on its store. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again, on its store or on an empty one. */
  start(store?: "empty"): Promise<void>;
}

/** Where the server listens. */
export interface NatsPlace {
  /** Default: loopback. */
  readonly host?: string;
  readonly port?: number;
  readonly scheme?: "nats" | "tls";
}

export async function startNatsServer(more: readonly string[] = [], place: NatsPlace = {}): Promise<NatsServer> {
  const folder = await Deno.makeTempDir({ prefix: "nats" });
  const { host = "127.0.0.1", port = freePort(), scheme = "nats" } = place;
  const args = ["-js", "-sd", folder, "-a", host, "-p", String(port), ...more];
  const begin = () => ready(new ChildProcess(nats.program, args), /Server is ready/, () => port);
  let server = await begin();
  return {
    url: `${scheme}://${host}:${port}`,
    kill: async () => {
      server.child.kill("SIGKILL");
      await server.child.exit(10_000);
    },
    start: async (store) => {
      if (store === "empty") {
        for await (const { name } of Deno.readDir(folder)) {
          await Deno.remove(`${folder}/${name}`, { recursive: true });
        }
      }
      server = await begin();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
