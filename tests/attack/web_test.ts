/** Attacks from a browser and on what a browser may see: pages of other sites, other host names, idle links. */
import assert from "node:assert/strict";
import http from "node:http";
import { startMonitor } from "../../src/broker/monitor/monitor.ts";
import { memoryLinkPair } from "../../src/net/memory_link.ts";
import { requestText } from "../../src/net/websocket/websocket_handshake.ts";
import { acceptWebSocket } from "../../src/net/websocket/websocket_link.ts";
import { type WebAccess, webRefusal } from "../../src/net/web_access.ts";
import { build, monitored } from "../broker/monitor/monitored.ts";
import { Stage } from "../broker/stage.ts";
import { LinkProbe } from "../support/clients/link_probe.ts";

const loopback: WebAccess = { host: "127.0.0.1" };
const network: WebAccess = { host: "0.0.0.0" };

const asked: readonly {
  readonly name: string;
  readonly access: WebAccess;
  readonly host?: string;
  readonly origin?: string;
  readonly refused: boolean;
}[] = [
  { name: "a program on this machine", access: loopback, host: "localhost:9090", refused: false },
  { name: "a program by IPv6", access: { host: "::1" }, host: "[::1]:9090", refused: false },
  { name: "a name that was made to resolve to this machine", access: loopback, host: "evil.example", refused: true },
  { name: "no Host", access: loopback, refused: true },
  {
    name: "a page of another site",
    access: loopback,
    host: "127.0.0.1",
    origin: "https://evil.example",
    refused: true,
  },
  { name: "a page without an origin", access: loopback, host: "127.0.0.1", origin: "null", refused: true },
  {
    name: "the server's own page",
    access: loopback,
    host: "127.0.0.1:1",
    origin: "http://127.0.0.1:1",
    refused: false,
  },
  {
    name: "a page of another port",
    access: loopback,
    host: "127.0.0.1:1",
    origin: "http://127.0.0.1:2",
    refused: true,
  },
  { name: "a program on the network", access: network, host: "broker.example", refused: false },
  { name: "a page, on the network", access: network, host: "b.example", origin: "http://b.example", refused: true },
  {
    name: "a page that is allowed",
    access: { ...network, allowOrigins: ["https://app.example"] },
    host: "b.example",
    origin: "https://APP.example",
    refused: false,
  },
  {
    name: "a page where every one is allowed",
    access: { ...loopback, allowOrigins: ["*"] },
    host: "127.0.0.1",
    origin: "https://evil.example",
    refused: false,
  },
];
for (const { name, access, host, origin, refused } of asked) {
  Deno.test(`F13, F14: ${name} is ${refused ? "refused" : "served"}`, () => {
    assert.equal(webRefusal(access, { host, origin }) !== undefined, refused);
  });
}

/** The answer of a WebSocket server on loopback to a request. */
function answerTo(request: string): string {
  const tasks: (() => void)[] = [];
  const [near, far] = memoryLinkPair((task) => tasks.push(task));
  LinkProbe.on(acceptWebSocket(near, loopback));
  const peer = LinkProbe.on(far);
  peer.link.write(new TextEncoder().encode(request));
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  return peer.text;
}

const request = requestText("127.0.0.1:8080", "/mqtt", "dGhlIHNhbXBsZSBub25jZQ==");

Deno.test("F13: the broker refuses a WebSocket from a page of another site with 403", () => {
  const spoofed = request.replace("Upgrade:", "Origin: https://evil.example\r\nUpgrade:");
  assert.match(answerTo(spoofed), /^HTTP\/1\.1 403 /);
  assert.match(answerTo(request.replace("127.0.0.1:8080", "evil.example")), /^HTTP\/1\.1 403 /);
  assert.match(answerTo(request), /^HTTP\/1\.1 101 /);
});

Deno.test("a WebSocket handshake accepts absolute URLs, refuses HTTP/1.0, and repeats the offered subprotocol", () => {
  assert.match(answerTo(request.replace("GET /mqtt", "GET http://127.0.0.1:8080/mqtt?x=1")), /^HTTP\/1\.1 101 /);
  assert.match(answerTo(request.replace("HTTP/1.1", "HTTP/1.0")), /^HTTP\/1\.1 400 /);
  const offered = answerTo(request.replace("Protocol: mqtt", "Protocol: chat, MQTT"));
  assert.match(offered, /\r\nSec-WebSocket-Protocol: MQTT\r\n/);
});

async function served(act: (port: number, logged: string[]) => Promise<void>): Promise<void> {
  const logged: string[] = [];
  const monitor = await startMonitor(monitored(new Stage()), {
    build,
    host: "127.0.0.1",
    port: 0,
    log: (sentence) => logged.push(sentence),
  });
  try {
    await act(Number(new URL(monitor.url).port), logged);
  } finally {
    await monitor.stop();
  }
}

const statusOf = (port: number, headers: Record<string, string>, path = "/status") =>
  new Promise<number>((resolve, reject) => {
    const asked = http.request({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    asked.on("error", reject);
    asked.end();
  });

Deno.test("F14: /status and /metrics refuse other host names and pages of other sites", () =>
  served(async (port) => {
    for (const path of ["/status", "/metrics"]) {
      assert.equal(await statusOf(port, { host: "evil.example" }, path), 403);
      assert.equal(await statusOf(port, { origin: "https://evil.example" }, path), 403);
      assert.equal(await statusOf(port, {}, path), 200);
    }
  }));

Deno.test("F30: the broker answers an unreadable request target and logs nothing", () =>
  served(async (port, logged) => {
    const link = await Deno.connect({ hostname: "127.0.0.1", port });
    await link.write(new TextEncoder().encode("GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    const buffer = new Uint8Array(1_000);
    const length = await link.read(buffer) ?? 0;
    assert.match(new TextDecoder().decode(buffer.subarray(0, length)), /^HTTP\/1\.1 400 |^$/);
    link.close();
    assert.deepEqual(logged, []);
    assert.equal(await statusOf(port, {}), 200);
  }));
