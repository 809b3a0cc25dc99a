/** Tunnels through HTTP and SOCKS 5 proxies: the handshakes byte by byte, and links of each transport and engine. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { dial } from "../../../src/net/dial.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import { engines } from "../../../src/net/engine.ts";
import type { DialReceiver } from "../../../src/net/link.ts";
import { listen } from "../../../src/net/listen.ts";
import { parseProxy } from "../../../src/net/proxy/proxy_target.ts";
import { tunnelHandshake } from "../../../src/net/proxy/tunnel_handshake.ts";
import { dialTunnel } from "../../../src/net/proxy/tunnel_link.ts";
import { securedEndpoint } from "../../../src/net/secured_endpoint.ts";
import { LinkStream } from "../../../src/net/tls/link_stream.ts";
import { LinkProbe } from "../../support/clients/link_probe.ts";
import { ScriptedProxy } from "../../support/clients/scripted_proxy.ts";
import { clientIdentity, serverIdentity } from "../../support/tls_fixture.ts";
import { testedEngines } from "../loopback.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const socks = (...bytes: number[]) => Uint8Array.from(bytes);

/** Answers of a proxy, and what the client sends, or how the handshake ends. */
const handshakes: readonly [name: string, proxy: string, host: string, answers: Uint8Array[], outcome: unknown[]][] = [
  ["http", "http://p", "h", [bytesOf("HTTP/1.1 200 OK\r\nX: y\r\n\r\nAB")], ["open AB"]],
  ["http/1.0", "http://p", "h", [bytesOf("HTTP/1.0 299\r\n\r\n")], ["open "]],
  ["http 403", "http://p", "h", [bytesOf("HTTP/1.1 403 Forbidden\r\n\r\n")], ['it answers "HTTP/1.1 403 Forbidden"']],
  ["http 407", "http://p", "h", [bytesOf("HTTP/1.1 407 X\r\n\r\n")], [
    'it answers "HTTP/1.1 407 X"; give user and password in --proxy',
  ]],
  ["no http", "http://p", "h", [bytesOf("SSH-2.0-OpenSSH\r\n\r\n")], ["it does not answer in HTTP"]],
  ["http without an end", "http://p", "h", [bytesOf("x".repeat(8_193))], ["its answer is too long"]],
  ["socks", "socks5://p", "h", [socks(5, 0), socks(5, 0, 0, 1, 1, 2, 3, 4, 0, 9, 65)], [
    [5, 1, 0, 3, 1, 104, 7, 91],
    "open A",
  ]],
  ["socks, IPv4", "socks5://p", "192.0.2.7", [socks(5, 0)], [[5, 1, 0, 1, 192, 0, 2, 7, 7, 91]]],
  ["socks, IPv6", "socks5://p", "2001:db8::7", [socks(5, 0)], [
    [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 91],
  ]],
  ["socks, a name in the reply", "socks5://p", "h", [socks(5, 0), socks(5, 0, 0, 3, 2, 104, 104, 0, 9)], [
    [5, 1, 0, 3, 1, 104, 7, 91],
    "open ",
  ]],
  ["socks, IPv6 in the reply", "socks5h://p", "h", [socks(5, 0), socks(5, 0, 0, 4, ...new Array(18).fill(1))], [
    [5, 1, 0, 3, 1, 104, 7, 91],
    "open ",
  ]],
  ["socks, login", "socks5://u:p%C3%A9@p", "h", [socks(5, 2), socks(1, 0)], [
    [1, 1, 117, 3, 112, 0xc3, 0xa9],
    [5, 1, 0, 3, 1, 104, 7, 91],
  ]],
  ["socks, a wrong login", "socks5://u:p@p", "h", [socks(5, 2), socks(1, 1)], [
    [1, 1, 117, 1, 112],
    "it refuses the login",
  ]],
  ["socks demands a login", "socks5://p", "h", [socks(5, 0xff)], [
    "it demands a login; give user and password in --proxy",
  ]],
  ["socks, an unknown method", "socks5://p", "h", [socks(5, 1)], [
    "it accepts no method of login that SOCKS 5 clients have",
  ]],
  ["socks 4", "socks5://p", "h", [socks(0, 90)], ["it does not answer in SOCKS 5"]],
  ["socks, unreachable", "socks5://p", "h", [socks(5, 0), socks(5, 4)], [
    [5, 1, 0, 3, 1, 104, 7, 91],
    "it answers: host unreachable",
  ]],
  ["socks, an unknown reply", "socks5://p", "h", [socks(5, 0), socks(5, 99)], [
    [5, 1, 0, 3, 1, 104, 7, 91],
    "it answers: code 99",
  ]],
  ["socks, an unknown type", "socks5://p", "h", [socks(5, 0), socks(5, 0, 0, 2, 0)], [
    [5, 1, 0, 3, 1, 104, 7, 91],
    "it does not answer in SOCKS 5",
  ]],
];

for (const [name, proxy, host, answers, outcome] of handshakes) {
  for (const isBytewise of [false, true]) {
    Deno.test(`tunnel handshake: ${name}${isBytewise ? ", byte by byte" : ""}`, () => {
      const handshake = tunnelHandshake(parseProxy(proxy), host, 1883);
      const seen: unknown[] = [];
      const pieces = isBytewise ? answers.flatMap((answer) => [...answer].map((byte) => socks(byte))) : answers;
      for (const piece of pieces) {
        const step = handshake.push(piece);
        if (step.kind === "more") step.send !== undefined && seen.push([...step.send]);
        else seen.push(step.kind === "open" ? `open ${new TextDecoder().decode(step.rest)}` : step.why);
        if (step.kind !== "more") break;
      }
      // Byte by byte, the broker's first bytes come after the tunnel is open.
      const expected = isBytewise ? outcome.map((word) => `${word}`.startsWith("open ") ? "open " : word) : outcome;
      assert.deepEqual(seen, expected);
    });
  }
}

Deno.test("tunnel handshake: the requests of CONNECT, with a name, with IPv6, and with a login", () => {
  const first = (proxy: string, host: string) =>
    new TextDecoder().decode(tunnelHandshake(parseProxy(proxy), host, 80).first);
  assert.equal(first("http://p", "h"), "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n");
  assert.equal(first("http://p", "::1"), "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
  // The example of RFC 7617, section 2.
  const login = "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
  assert.equal(first("http://Aladdin:open%20sesame@p", "h"), `CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n${login}\r\n\r\n`);
});

Deno.test("proxy: URLs, their usual ports, and refusals without the password", async () => {
  const shown = (text: string) => parseProxy(text).url;
  assert.deepEqual(
    [
      "http://h",
      "http://h:80",
      "HTTP://h:80/",
      " http://h:80 ",
      "http://u:p@h:3128/",
      "socks5://h",
      "socks5h://[::1]:9",
    ]
      .map(shown),
    [
      "http://h:8080",
      "http://h:80",
      "http://h:80",
      "http://h:80",
      "http://h:3128",
      "socks5://h:1080",
      "socks5://[::1]:9",
    ],
  );
  for (
    const wrong of [
      "h:1",
      "https://u:s3cret@h:1",
      "http://u:s3cret@h/x",
      "socks5://u:s3%ret@h",
      `socks5://u:${"s3".repeat(128)}@h`,
    ]
  ) {
    assert.throws(() => parseProxy(wrong), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Cannot use --proxy "/);
      assert.doesNotMatch(error.message, /s3/);
      return true;
    });
  }
  await assert.rejects(securedEndpoint(parseEndpoint("unix:///s"), { proxy: "http://h:1" }), UsageError);
});

const login = "user:s3cr:et";
for (const kind of ["http", "socks5"] as const) {
  for (const scheme of ["mqtt", "ws", "mqtts", "wss"]) {
    for (const { name: engine } of scheme.endsWith("s") && scheme !== "ws" ? [engines.deno] : testedEngines) {
      Deno.test(`${kind} proxy: a link over ${scheme} carries bytes both ways, and a reset ends it at the proxy (engine ${engine})`, async () => {
        await using proxy = await ScriptedProxy.open(kind, login);
        const accepted = Promise.withResolvers<LinkProbe>();
        const listener = await listen(parseEndpoint(`${scheme}://127.0.0.1:0`), { identity: await serverIdentity() }, {
          accept: (link) => accepted.resolve(LinkProbe.on(link)),
          refused() {},
        });
        try {
          const target = await securedEndpoint(listener.endpoint, {
            proxy: `${kind}://user:s3cr%3Aet@127.0.0.1:${proxy.port}`,
          });
          const probe = LinkProbe.by((receiver) => dial(target, { engine, tls: clientIdentity() }, receiver));
          probe.write("before it is open");
          const server = await accepted.promise;
          assert.ok(await server.until(({ text }) => text === "before it is open"));
          server.write("x".repeat(90_000));
          assert.ok(await probe.until(({ sizeBytes }) => sizeBytes === 90_000));
          assert.ok(probe.opened && proxy.requests[0]!.includes(`127.0.0.1:${listener.port}`), proxy.requests.join());
          probe.link.reset();
          assert.ok(await server.until(({ end }) => end !== undefined));
          assert.deepEqual([proxy.ends[0], probe.end!.kind], ["rst", "closed"]);
        } finally {
          listener.close();
        }
      });
    }
  }

  Deno.test(`${kind} proxy: refusals, and a proxy that is not there, end the link with one sentence`, async () => {
    await using proxy = await ScriptedProxy.open(kind, login);
    const cases: readonly [url: string, why: RegExp][] = [
      [`${kind}://127.0.0.1:${proxy.port}`, /give user and password in --proxy$/],
      [`${kind}://user:wrong@127.0.0.1:${proxy.port}`, kind === "http" ? /407 Proxy Auth/ : /it refuses the login$/],
      [
        `${kind}://user:s3cr%3Aet@127.0.0.1:${proxy.port}`,
        kind === "http" ? /502 Bad Gateway"$/ : /connection refused by/,
      ],
      [`${kind}://127.0.0.1:1`, /: connection refused: nothing listens there$/],
    ];
    for (const scheme of ["mqtt", "mqtts"]) {
      for (const [url, why] of cases) {
        const target = await securedEndpoint(parseEndpoint(`${scheme}://127.0.0.1:1`), { proxy: url });
        const probe = LinkProbe.by((receiver) => dial(target, {}, receiver));
        assert.ok(await probe.until(({ end }) => end !== undefined), url);
        const end = probe.end!;
        assert.ok(end.kind === "error" && end.code === "EPROXY", JSON.stringify(end));
        assert.match(end.message, why);
        assert.match(
          end.message,
          new RegExp(`^no connection through the proxy ${kind}://127\\.0\\.0\\.1:\\d+: `),
        );
      }
    }
  });
}

/** A link of a test: records calls, and passes on what the test calls. */
function fakeLink() {
  const calls: string[] = [];
  const link = {
    receiver: undefined as unknown as DialReceiver,
    calls,
    peer: "p:1",
    bufferedBytes: 0,
    open: true,
    write: (bytes: Uint8Array) => calls.push(`write ${new TextDecoder().decode(bytes)}`) > 0,
    end: () => void calls.push("end"),
    reset: () => void calls.push("reset"),
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
  };
  return { ...link, dial: (receiver: DialReceiver) => (link.receiver = receiver, link), to: () => link.receiver };
}

Deno.test("tunnel: bytes of the broker together with the proxy's answer are the first of the link", async () => {
  const inner = fakeLink();
  const probe = LinkProbe.by((receiver) =>
    dialTunnel({ proxy: parseProxy("http://p"), host: "h", port: 1 }, inner.dial, receiver)
  );
  probe.write("early");
  inner.to().onOpen();
  inner.to().onBytes(bytesOf("HTTP/1.1 200 OK\r\n\r\nfirst "));
  inner.to().onBytes(bytesOf("second"));
  assert.equal(probe.text, "first second");
  assert.deepEqual(inner.calls.slice(1), ["write early"]);
  inner.to().onEnd({ kind: "reset" });
  assert.ok(await probe.until(({ end }) => end?.kind === "reset"));
});

Deno.test("link stream: pauses its link while its reader is behind, and resumes it", async () => {
  const inner = fakeLink();
  const stream = new LinkStream(inner.dial);
  inner.to().onBytes(new Uint8Array(stream.readableHighWaterMark + 1));
  assert.ok(inner.calls.includes("pause"));
  const before = inner.calls.length;
  stream.read();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(inner.calls.slice(before).includes("resume"), inner.calls.join());
  stream.destroy();
});
