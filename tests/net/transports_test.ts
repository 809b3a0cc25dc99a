/** The contract of `Link` on each transport: TCP, TLS, WebSocket and secure WebSocket. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { dial } from "../../src/net/dial.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { type EngineName, engines } from "../../src/net/engine.ts";
import { highWaterBytes, type Link } from "../../src/net/link.ts";
import { listen, type OpenListener } from "../../src/net/listen.ts";
import { testedEngines } from "./loopback.ts";
import { LinkProbe } from "../support/clients/link_probe.ts";
import { clientIdentity, serverIdentity } from "../support/tls_fixture.ts";

interface Pair {
  readonly near: LinkProbe;
  readonly far: LinkProbe;
  readonly listener: OpenListener;
}

const schemes = ["mqtt", "mqtts", "ws", "wss"] as const;

async function open(scheme: string, engine: EngineName, test: (pair: Pair) => Promise<void>): Promise<void> {
  const accepted = Promise.withResolvers<LinkProbe>();
  const listener = await listen(
    parseEndpoint(`${scheme}://127.0.0.1:0`),
    { identity: await serverIdentity(), engine },
    {
      accept: (link) => accepted.resolve(LinkProbe.on(link)),
      refused: (sentence) => accepted.reject(new Error(sentence)),
    },
  );
  const far = LinkProbe.by((receiver) => dial(listener.endpoint, { tls: clientIdentity(), engine }, receiver));
  try {
    far.write("before it is open, ");
    const near = await accepted.promise;
    assert.ok(await far.until(({ opened }) => opened), `opened: ${JSON.stringify(far.end)}`);
    await test({ near, far, listener });
    near.link.reset();
    far.link.reset();
    assert.ok(await near.until(({ end }) => end !== undefined), "the near end is reported");
    assert.ok(await far.until(({ end }) => end !== undefined), "the far end is reported");
  } finally {
    far.link.reset();
    listener.close();
  }
}

const cases: readonly [name: string, test: (pair: Pair) => Promise<void>][] = [
  ["bytes both ways, in order, written before it is open too", echoes],
  ["a large write is held back, drained, and whole", drains],
  ["an end is seen as a fin, and closes both", ends],
  ["a paused link reads nothing until it is resumed", pauses],
  ["a reset ends both sides", resets],
];
for (const scheme of schemes) {
  for (const [name, test] of cases) {
    const isTls = scheme === "mqtts" || scheme === "wss";
    // A paused node:tls socket continues to read; tls_test.ts tests how the peer is slowed.
    if (test === drains && isTls) continue;
    for (const { name: engine } of isTls ? [engines.deno] : testedEngines) {
      Deno.test(`${engine}: ${scheme}: ${name}`, () => open(scheme, engine, test));
    }
  }
}

async function echoes({ near, far, listener }: Pair): Promise<void> {
  far.write("here ").write("I am");
  assert.ok(await near.until(({ text }) => text === "before it is open, here I am"), near.text);
  near.write("welcome");
  assert.ok(await far.until(({ text }) => text === "welcome"), far.text);
  assert.match(near.link.peer, /^127\.0\.0\.1:\d+$/);
  assert.equal(listener.endpoint.port, listener.port);
}

async function drains({ near, far }: Pair): Promise<void> {
  far.link.pause();
  let sizeBytes = 0;
  const piece = new Uint8Array(100_000);
  for (let more = true; more; sizeBytes += piece.length) {
    more = near.link.write(piece);
    await new Promise((resolve) => setTimeout(resolve));
    assert.ok(sizeBytes < 100_000_000, "there is a bound");
  }
  assert.ok(near.link.bufferedBytes > highWaterBytes);
  far.link.resume();
  assert.ok(await far.until((probe) => probe.sizeBytes === sizeBytes), `${far.sizeBytes} of ${sizeBytes}`);
  assert.ok(await near.until(() => near.drains > 0), "the link reports a drain");
  assert.equal(near.link.bufferedBytes, 0);
}

async function ends({ near, far }: Pair): Promise<void> {
  far.write("last words");
  far.link.end();
  assert.ok(await near.until(({ end }) => end !== undefined));
  assert.equal(near.text, "before it is open, last words");
  assert.equal(near.end?.kind, "fin");
  near.link.end();
  assert.ok(await far.until(({ end }) => end !== undefined));
  assert.equal(far.end?.kind, "closed");
}

async function pauses({ near, far }: Pair): Promise<void> {
  assert.ok(await near.until(({ text }) => text !== ""));
  near.link.pause();
  const before = near.text;
  far.write("unseen").write(" yet");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(near.text, before);
  near.link.resume();
  assert.ok(await near.until(({ text }) => text.endsWith("unseen yet")), near.text);
}

async function resets({ near, far }: Pair): Promise<void> {
  far.link.reset();
  assert.ok(await near.until(({ end }) => end !== undefined));
  assert.ok(["reset", "fin", "error"].includes(near.end!.kind), near.end!.kind);
  assert.equal(far.end?.kind, "closed");
}

Deno.test("listen: a refused address is one sentence", async () => {
  const receiver = { accept() {}, refused() {} };
  const taken = await listen(parseEndpoint("mqtt://127.0.0.1:0"), {}, receiver);
  try {
    const identity = await serverIdentity();
    const cases: readonly [url: string, why: RegExp][] = [
      [`mqtt://127.0.0.1:${taken.port}`, /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use/],
      [`mqtts://127.0.0.1:${taken.port}`, /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use/],
      [
        "ws://127.0.0.1:0/mqtt?token",
        /^Cannot listen on ws:\/\/127\.0\.0\.1:0\/mqtt\?…: expected a path without a query$/,
      ],
    ];
    for (const [url, why] of cases) {
      await assert.rejects(listen(parseEndpoint(url), { identity }, receiver), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, why);
        return true;
      });
    }
    await assert.rejects(
      listen(parseEndpoint("wss://127.0.0.1:0"), {}, receiver),
      new UsageError("Cannot listen on wss://127.0.0.1:0/mqtt without a certificate: give --tls-cert and --tls-key"),
    );
  } finally {
    taken.close();
  }
});

/** The path after the port of a listener's URL, paths of clients that it serves, and others. */
const paths: readonly [listening: string, served: readonly string[], refused: readonly string[]][] = [
  ["", ["", "/mqtt", "/mqtt?token=1"], ["/", "/other", "/mqtt/"]],
  ["/", ["/", "/?token=1"], ["", "/other"]],
  ["/edge/v1", ["/edge/v1"], ["/edge", "/edge/v1/x", "/"]],
  ["/*", ["", "/", "/any/path?token=1"], []],
];
for (const [path, served, refused] of paths) {
  Deno.test(`ws: a listener at "${path}" serves its path alone`, async () => {
    const accept = (link: Link) => void LinkProbe.on(link);
    const listener = await listen(parseEndpoint(`ws://127.0.0.1:0${path}`), {}, { accept, refused() {} });
    try {
      for (const asked of [...served, ...refused]) {
        const endpoint = parseEndpoint(`ws://127.0.0.1:${listener.port}${asked}`);
        const probe = LinkProbe.by((receiver) => dial(endpoint, {}, receiver));
        assert.ok(await probe.until(({ opened, end }) => opened || end !== undefined));
        assert.equal(probe.opened, served.includes(asked), `${asked}: ${JSON.stringify(probe.end)}`);
        if (!probe.opened) assert.match(JSON.stringify(probe.end), /404 Not Found/);
        probe.link.reset();
      }
    } finally {
      listener.close();
    }
  });
}
