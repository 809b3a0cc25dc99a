/**
 * Whether a listener of the runtime still accepts: how the watch recognises its own connections, and what it does about
 * a listener that stopped.
 */
import assert from "node:assert/strict";
import net from "node:net";
import { AcceptWatch } from "../../../src/net/tcp/accept_watch.ts";
import { host, withinLimit } from "../loopback.ts";

const everyMs = 5;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function listening(port = 0): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen({ host, port }, () => resolve()));
  return { server, port: (server.address() as net.AddressInfo).port };
}

const closed = (server: net.Server) => new Promise<void>((resolve) => server.close(() => resolve()));

Deno.test("accept watch: does not serve its own connections, and serves those of clients", () =>
  withinLimit(async () => {
    const { server, port } = await listening();
    const pauses: string[] = [];
    const served: (number | undefined)[] = [];
    const watch = new AcceptWatch({ server, host, port, everyMs, paused: (why) => pauses.push(why), listenAgain() {} });
    let accepted = 0;
    server.on("connection", (socket) => {
      accepted++;
      watch.sort(socket, () => {
        served.push(socket.remotePort);
        socket.on("error", () => {}).end();
      });
    });
    await until(() => accepted > 0);
    assert.deepEqual(served, []);
    const ports: number[] = [];
    for (let each = 0; each < 20; each++) {
      using link = await Deno.connect({ hostname: host, port });
      ports.push((link.localAddr as Deno.NetAddr).port);
      await until(() => served.length === ports.length);
    }
    assert.deepEqual({ served, pauses }, { served: ports, pauses: [] });
    watch.stop();
    await closed(server);
  }));

Deno.test("accept watch: reports a listener that stopped once, and listens again", () =>
  withinLimit(async () => {
    const { server, port } = await listening();
    const pauses: string[] = [];
    let tries = 0;
    const listenAgain = () => {
      if (++tries === 3) server.listen({ host, port });
    };
    const watch = new AcceptWatch({ server, host, port, everyMs, paused: (why) => pauses.push(why), listenAgain });
    await closed(server);
    await until(() => server.listening);
    assert.deepEqual({ tries, pauses: pauses.length }, { tries: 3, pauses: 1 });
    watch.stop();
    await closed(server);
  }));
