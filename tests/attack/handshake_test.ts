/**
 * Attacks by sockets that send nothing or half a handshake: from accept on, each counts as a connection and in the rate
 * of its address, and has one time limit. Real sockets, with a manual clock in the broker.
 */
import assert from "node:assert/strict";
import { ManualClock } from "../../src/base/clock.ts";
import { Core } from "../../src/broker/core/core.ts";
import { type BrokerLimits, coreSettings } from "../../src/broker/options/options.ts";
import { cost } from "../../src/broker/limits/memory.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import { connectPacket } from "../broker/stage.ts";
import { serve } from "../../src/broker/serve/serve.ts";
import { runDue } from "../../src/broker/serve/tick.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import type { Engine } from "../../src/net/engine.ts";
import { engines } from "../../src/net/engine.ts";
import { listen, type OpenListener } from "../../src/net/listen.ts";
import { requestText } from "../../src/net/websocket/websocket_handshake.ts";
import { testedEngines, withinLimit } from "../net/loopback.ts";
import { pem, serverIdentity } from "../support/tls_fixture.ts";

type Scheme = "mqtt" | "ws" | "mqtts" | "wss";
const schemes: readonly Scheme[] = ["mqtt", "ws", "mqtts", "wss"];
const isTls = (scheme: Scheme) => scheme === "mqtts" || scheme === "wss";
const timeToConnectMs = 10_000;
/** An awaited event happens at once or never. */
const limitMs = 20_000;
const request = new TextEncoder().encode(requestText("127.0.0.1", "/mqtt", "dGhlIHNhbXBsZSBub25jZQ=="));
const answerBytes = new Uint8Array(4_096);

/** A broker core behind a listener. */
class Scene implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly core: Core;
  readonly sockets: Deno.Conn[] = [];
  listener!: OpenListener;

  private constructor(limits: Partial<BrokerLimits>) {
    this.core = new Core(coreSettings({ clock: this.clock, limits: { timeToConnectMs, ...limits } }, () => "assigned"));
  }

  static async open(scheme: Scheme, engine: Engine, limits: Partial<BrokerLimits> = {}): Promise<Scene> {
    const scene = new Scene(limits);
    const receiver = { accept: (link: Parameters<typeof serve>[1]) => serve(scene.core, link, () => {}), refused() {} };
    scene.listener = await listen(
      parseEndpoint(`${scheme}://127.0.0.1:0`),
      { identity: await serverIdentity(), engine: engine.name },
      receiver,
    );
    return scene;
  }

  get metrics() {
    return this.core.metrics.snapshot();
  }

  /** A socket that sends nothing. */
  async silent(): Promise<Deno.TcpConn> {
    const accepted = this.core.metrics.accepted;
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: this.listener.port });
    this.sockets.push(socket);
    await until(() => this.core.metrics.accepted > accepted);
    return socket;
  }

  /** A socket that the broker closes at once, perhaps by RST before its own side sees it open. */
  async turnedAway(): Promise<void> {
    const accepted = this.core.metrics.accepted;
    try {
      using socket = await Deno.connect({ hostname: "127.0.0.1", port: this.listener.port });
      await closed(socket);
    } catch (error) {
      assert.ok(error instanceof Deno.errors.ConnectionReset);
    }
    assert.equal(this.core.metrics.accepted, accepted + 1);
  }

  advance(byMs: number): void {
    runDue(this.core, this.clock.advance(byMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of this.core.connections) link.reset();
    await until(() => this.core.connections.size === 0);
    for (const socket of this.sockets) socket.close();
    this.listener.close();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves when the broker has closed the socket; ignores the bytes before. */
async function closed(socket: Deno.Conn): Promise<void> {
  try {
    while (await socket.read(answerBytes) !== null);
  } catch {
    // The close was an RST.
  }
}

/** A test on each transport and engine; TLS has one engine. */
function handshakeTest(name: string, run: (scheme: Scheme, engine: Engine) => Promise<void>): void {
  for (const scheme of schemes) {
    for (const engine of isTls(scheme) ? [engines.deno] : testedEngines) {
      Deno.test(`handshake: ${name} (${scheme}, engine ${engine.name})`, () =>
        withinLimit(() => run(scheme, engine), limitMs));
    }
  }
}

handshakeTest("the broker counts 40 of 40 silent sockets", async (scheme, engine) => {
  await using scene = await Scene.open(scheme, engine);
  for (let each = 0; each < 40; each++) await scene.silent();
  const { accepted, open, online } = scene.metrics.connections;
  assert.deepEqual({ accepted, open, online }, { accepted: 40, open: 40, online: 0 });
  for (const socket of scene.sockets.splice(0)) socket.close();
  await until(() => scene.core.metrics.open === 0);
  assert.equal(scene.metrics.connections.endedEarly, 40);
});

handshakeTest("silent sockets count against --max-connections", async (scheme, engine) => {
  await using scene = await Scene.open(scheme, engine, { connections: 2 });
  for (let each = 0; each < 4; each++) await scene.silent();
  await scene.turnedAway();
  assert.deepEqual({ open: scene.metrics.connections.open, connections: scene.metrics.limitsHit.connections }, {
    open: 4,
    connections: 1,
  });
});

handshakeTest("silent sockets count against --max-connect-rate", async (scheme, engine) => {
  await using scene = await Scene.open(scheme, engine, { connectsPerSecond: 2 });
  for (let each = 0; each < 4; each++) await scene.silent();
  await scene.turnedAway();
  assert.deepEqual({
    open: scene.metrics.connections.open,
    connectsPerSecond: scene.metrics.limitsHit.connectsPerSecond,
  }, { open: 4, connectsPerSecond: 1 });
  scene.advance(1_000);
  await scene.silent();
  assert.equal(scene.metrics.connections.open, 5);
});

/** A client that stops within its handshakes. Returns the socket to observe. */
const phases: readonly [name: string, schemes: readonly Scheme[], go: (socket: Deno.TcpConn) => Promise<Deno.Conn>][] =
  [
    ["nothing at all", schemes, (socket) => Promise.resolve(socket)],
    ["half of a ClientHello", ["mqtts", "wss"], (socket) => sends(socket, Uint8Array.of(22, 3, 1, 1, 0, 1, 0))],
    ["the handshake of TLS alone", ["mqtts", "wss"], secures],
    ["half of an upgrade request", ["ws"], (socket) => sends(socket, request.subarray(0, 40))],
    ["an upgrade alone", ["ws"], upgrades],
    [
      "half of an upgrade request",
      ["wss"],
      async (socket) => await sends(await secures(socket), request.subarray(0, 40)),
    ],
    ["an upgrade alone", ["wss"], async (socket) => await upgrades(await secures(socket))],
    ["half of a CONNECT", ["mqtt"], (socket) => sends(socket, Uint8Array.of(0x10, 0x0d, 0, 4))],
  ];

async function sends(socket: Deno.Conn, bytes: Uint8Array): Promise<Deno.Conn> {
  for (let sent = 0; sent < bytes.length;) sent += await socket.write(bytes.subarray(sent));
  return socket;
}

async function secures(socket: Deno.TcpConn): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(socket, { hostname: "localhost", caCerts: [pem("ca.pem")] });
  await secured.handshake();
  return secured;
}

async function upgrades(socket: Deno.Conn): Promise<Deno.Conn> {
  await sends(socket, request);
  await socket.read(answerBytes);
  return socket;
}

for (const [name, served, go] of phases) {
  for (const scheme of served) {
    for (const engine of isTls(scheme) ? [engines.deno] : testedEngines) {
      const title = `--time-to-connect runs from the accept on after ${name} (${scheme}, engine ${engine.name})`;
      Deno.test(`handshake: ${title}`, () => withinLimit(() => closesInTime(scheme, engine, go), limitMs));
    }
  }
}

async function closesInTime(scheme: Scheme, engine: Engine, go: (typeof phases)[number][2]): Promise<void> {
  await using scene = await Scene.open(scheme, engine);
  const socket = await scene.silent();
  scene.advance(timeToConnectMs - 1);
  const later = await go(socket);
  scene.sockets.splice(0, 1, later);
  scene.advance(0);
  const { open, endedEarly } = scene.metrics.connections;
  assert.deepEqual({ open, endedEarly }, { open: 1, endedEarly: 0 });
  scene.advance(1);
  await closed(later);
  assert.deepEqual({
    endedEarly: scene.metrics.connections.endedEarly,
    timeToConnectMs: scene.metrics.limitsHit.timeToConnectMs,
  }, { endedEarly: 1, timeToConnectMs: 1 });
}

Deno.test("handshake: a refused WebSocket request counts as a connection until its socket is closed", () =>
  withinLimit(async () => {
    await using scene = await Scene.open("ws", engines.deno);
    const socket = await scene.silent();
    await sends(socket, new TextEncoder().encode("GET /other HTTP/1.1\r\n\r\n"));
    await closed(socket);
    assert.equal(scene.metrics.connections.open, 1, "the client has not closed its side");
    for (const each of scene.sockets.splice(0)) each.close();
    await until(() => scene.core.metrics.open === 0);
  }));

Deno.test("handshake: a failed TLS handshake ends only its socket", () =>
  withinLimit(async () => {
    await using scene = await Scene.open("mqtts", engines.deno);
    const [bad, good] = [await scene.silent(), await scene.silent()];
    await sends(bad, new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    await closed(bad);
    await until(() => scene.core.metrics.open === 1);
    scene.sockets.splice(1, 1, await secures(good));
    assert.deepEqual({ open: scene.metrics.connections.open, endedEarly: scene.metrics.connections.endedEarly }, {
      open: 1,
      endedEarly: 1,
    });
  }));

for (const scheme of ["mqtts", "wss"] as const) {
  Deno.test(`handshake: TLS counts as memory, more while its handshake is under way (${scheme})`, () =>
    withinLimit(async () => {
      const held = 1_000_000;
      await using scene = await Scene.open(scheme, engines.deno, { memoryBytes: held });
      const { memory, metrics } = scene.core;
      const first = await scene.silent();
      assert.equal(memory.usedBytes, cost.link + 168 * 1024);
      while (memory.hasRoomForLink(cost.link + 168 * 1024, 0)) await scene.silent();
      await scene.turnedAway();
      assert.equal(metrics.limitsHit.memoryBytes, 1);
      const before = memory.usedBytes;
      const socket = await secures(first);
      scene.sockets.splice(0, 1, socket);
      if (scheme === "wss") await upgrades(socket);
      const connect = encode(connectPacket(), 5);
      await sends(socket, scheme === "mqtts" ? connect : frame(connect));
      await until(() => metrics.connected === 1);
      assert.ok(memory.usedBytes < before - 100 * 1024, `${before} to ${memory.usedBytes} bytes`);
      for (const each of scene.sockets.splice(0)) each.close();
      await until(() => metrics.open === 0);
      assert.equal(memory.usedBytes, 0);
    }, limitMs));
}

/** A masked binary frame; the mask is zero. */
function frame(payload: Uint8Array): Uint8Array {
  return Uint8Array.of(0x82, 0x80 | payload.length, 0, 0, 0, 0, ...payload);
}
