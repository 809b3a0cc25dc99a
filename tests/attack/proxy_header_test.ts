/**
 * A broker behind a proxy that sends the header of the PROXY protocol, over each transport and engine: whose address
 * counts, and attacks with headers that are missing, wrong, endless or slow. Real sockets, a manual clock in the broker.
 */
import assert from "node:assert/strict";
import { ManualClock } from "../../src/base/clock.ts";
import { Core } from "../../src/broker/core/core.ts";
import { type BrokerLimits, coreSettings } from "../../src/broker/options/options.ts";
import { serve } from "../../src/broker/serve/serve.ts";
import { runDue } from "../../src/broker/serve/tick.ts";
import { decode, encode } from "../../src/mqtt/codec/codec.ts";
import { dial } from "../../src/net/dial.ts";
import { endpointAt, parseEndpoint } from "../../src/net/endpoint.ts";
import { type Engine, engines } from "../../src/net/engine.ts";
import { listen, type OpenListener } from "../../src/net/listen.ts";
import { connectPacket } from "../broker/stage.ts";
import { testedEngines, withinLimit } from "../net/loopback.ts";
import { binaryHeader, ForwardingProxy, inet } from "../support/clients/proxy_headers.ts";
import { clientIdentity, serverIdentity } from "../support/tls_fixture.ts";

const schemes = ["mqtt", "ws", "mqtts", "wss"] as const;
const timeToConnectMs = 10_000;
const limitMs = 20_000;
const line = (source: string) => new TextEncoder().encode(`PROXY TCP4 ${source} 198.51.100.1 4711 1883\r\n`);

class Scene implements Disposable {
  readonly clock = new ManualClock();
  readonly warnings: string[] = [];
  readonly ended: string[] = [];
  readonly core: Core;
  readonly #closing: Disposable[] = [];
  listener!: OpenListener;

  constructor(readonly engine: Engine, limits: Partial<BrokerLimits>) {
    const settings = coreSettings({
      clock: this.clock,
      limits: { timeToConnectMs, ...limits },
      log: (level, text) => void (level === "warn" && this.warnings.push(text)),
      onEvent: (event) => void (event.type === "ended" && this.ended.push(event.peer)),
    }, () => "assigned");
    this.core = new Core(settings);
  }

  static async open(
    scheme: string,
    engine: Engine,
    limits: Partial<BrokerLimits> = {},
    proxyProtocol = true,
  ): Promise<Scene> {
    const scene = new Scene(engine, limits);
    const choices = { identity: await serverIdentity(), engine: engine.name, proxyProtocol };
    const accept = (link: Parameters<typeof serve>[1]) => serve(scene.core, link, () => {});
    scene.listener = await listen(
      parseEndpoint(`${scheme}://127.0.0.1:0/path`.replace(/(mqtts?:.*)\/path/, "$1")),
      choices,
      {
        accept,
        refused: (sentence) => scene.warnings.push(sentence),
      },
    );
    return scene;
  }

  /** The reason code of the broker's answer to a client behind a proxy; undefined if it only closes. */
  async connect(header: Uint8Array, isJoined = false): Promise<number | undefined> {
    const proxy = this.keep(new ForwardingProxy(this.listener.port, header, isJoined));
    const answer = Promise.withResolvers<number | undefined>();
    const link = dial(endpointAt(this.listener.endpoint, proxy.port), { tls: clientIdentity() }, {
      onOpen: () => void link.write(encode(connectPacket({ version: 5 }), 5)),
      onBytes: (bytes) => {
        const packet = decode(bytes, 5);
        answer.resolve(packet.type === "connack" ? packet.reasonCode : undefined);
      },
      onDrain() {},
      onEnd: () => answer.resolve(undefined),
    });
    this.keep({ [Symbol.dispose]: () => link.reset() });
    return await answer.promise;
  }

  /** A plain socket to the broker, without a proxy. */
  async socket(): Promise<Deno.TcpConn> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: this.listener.port });
    return this.keep(socket);
  }

  get metrics() {
    return this.core.metrics.snapshot();
  }

  keep<T extends Disposable>(closing: T): T {
    this.#closing.push(closing);
    return closing;
  }

  [Symbol.dispose](): void {
    for (const { link } of this.core.connections) link.reset();
    for (const each of this.#closing) each[Symbol.dispose]();
    this.listener.close();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function closed(socket: Deno.Conn): Promise<void> {
  try {
    while (await socket.read(new Uint8Array(64)) !== null);
  } catch (error) {
    assert.ok(error instanceof Deno.errors.ConnectionReset);
  }
}

/** The broker may close before the socket's own side sees it open. */
async function turnedAway(scene: Scene): Promise<void> {
  try {
    await closed(await scene.socket());
  } catch (error) {
    assert.ok(error instanceof Deno.errors.ConnectionReset);
  }
}

function proxyTest(name: string, run: (scheme: typeof schemes[number], engine: Engine) => Promise<void>): void {
  for (const scheme of schemes) {
    for (const engine of scheme.endsWith("s") && scheme !== "ws" ? [engines.deno] : testedEngines) {
      Deno.test(`PROXY protocol: ${name} (${scheme}, engine ${engine.name})`, () =>
        withinLimit(() => run(scheme, engine), limitMs));
    }
  }
}

proxyTest(
  "the client's address is that of the header, alone or together with the first bytes",
  async (scheme, engine) => {
    const cases = [
      [line("192.0.2.7"), false, "192.0.2.7:4711"],
      [binaryHeader(0x21, 0x11, [...inet("192.0.2.8", 9), 4, 0, 1, 0]), true, "192.0.2.8:9"],
      [new TextEncoder().encode("PROXY UNKNOWN\r\n"), true, "127.0.0.1"],
      [binaryHeader(0x20, 0x00, []), false, "127.0.0.1"],
    ] as const;
    for (const [header, isJoined, source] of cases) {
      using scene = await Scene.open(scheme, engine);
      assert.equal(await scene.connect(header, isJoined), 0);
      const [connection] = scene.core.connections;
      assert.equal(connection!.link.peer.slice(0, source.length), source);
      connection!.link.reset();
      await until(() => scene.ended.length > 0);
      assert.equal(scene.ended[0]!.slice(0, source.length), source);
      assert.deepEqual(scene.warnings, []);
    }
  },
);

proxyTest("--max-connect-rate counts the clients, not the proxy", async (scheme, engine) => {
  using scene = await Scene.open(scheme, engine, { connectsPerSecond: 1 });
  const answers = [];
  for (const source of ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.1", "192.0.2.3"]) {
    answers.push(await scene.connect(line(source)));
  }
  assert.deepEqual(answers, [0, 0, 0x9f, undefined, 0]);
  assert.equal(scene.metrics.limitsHit.connectsPerSecond, 2);
});

proxyTest("a wrong header is closed, counted by its reason, and logged", async (scheme, engine) => {
  using scene = await Scene.open(scheme, engine);
  const wrong = [
    ["missing", encode(connectPacket({ version: 4 }), 4)],
    ["missing", Uint8Array.of(0x16, 3, 1, 0, 200)],
    ["unsupported", binaryHeader(0x31, 0x11, inet("192.0.2.7", 1))],
    ["malformed", new TextEncoder().encode("PROXY TCP4 nowhere 1.2.3.4 1 2\r\n")],
    ["too-long", new TextEncoder().encode(`PROXY TCP4 ${"1".repeat(200)}`)],
    ["too-long", binaryHeader(0x21, 0x11, inet("192.0.2.7", 1), 65_535)],
  ] as const;
  for (const [, bytes] of wrong) {
    const socket = await scene.socket();
    await socket.write(bytes);
    await closed(socket);
  }
  await until(() => scene.core.metrics.open === 0);
  const { connections } = scene.metrics;
  assert.deepEqual(connections.headersRefused, { missing: 2, unsupported: 1, malformed: 1, "too-long": 2 });
  assert.deepEqual([connections.accepted, connections.endedEarly, connections.connected], [6, 6, 0]);
  assert.match(scene.warnings[0]!, /^Closed a connection from 127\.0\.0\.1:\d+: it does not begin with a PROXY header/);
});

proxyTest(
  "a slow header ends with --time-to-connect, and counts as a connection until then",
  async (scheme, engine) => {
    using scene = await Scene.open(scheme, engine, { connections: 1 });
    const [first, second] = [await scene.socket(), await scene.socket()];
    const header = line("192.0.2.7");
    await until(() => scene.core.metrics.open === 2);
    for (let at = 0; at < 10; at++) {
      for (const socket of [first, second]) await socket.write(header.subarray(at, at + 1));
      runDue(scene.core, scene.clock.advance(timeToConnectMs / 10 - 1));
    }
    await turnedAway(scene);
    assert.deepEqual([scene.core.metrics.open, scene.metrics.limitsHit.connections], [2, 1]);
    runDue(scene.core, scene.clock.advance(10));
    for (const socket of [first, second]) await closed(socket);
    assert.equal(scene.metrics.limitsHit.timeToConnectMs, 2);
  },
);

proxyTest("without the option a header is refused like any other bytes", async (scheme, engine) => {
  using scene = await Scene.open(scheme, engine, {}, false);
  const socket = await scene.socket();
  await socket.write(line("192.0.2.7"));
  if (scheme.startsWith("ws") && scheme !== "wss") await socket.write(new TextEncoder().encode("\r\n"));
  await closed(socket);
  assert.equal(scene.metrics.connections.connected, 0);
});
