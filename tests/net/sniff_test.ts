/** The protocol of a server that was dialled over the wrong transport. */
import assert from "node:assert/strict";
import { Broker } from "../../src/broker/broker.ts";
import { authorityOf, dial } from "../../src/net/dial.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { listen } from "../../src/net/listen.ts";
import { otherTransport } from "../../src/net/sniff.ts";
import { serverIdentity } from "../support/tls_fixture.ts";
import { eachCase } from "../support/steps.ts";

Deno.test("section 4: mqtts to a plain port: the sentence says that the server speaks MQTT over TCP", async (t) => {
  await using broker = await Broker.start({ port: 0 });
  const { port } = parseEndpoint(broker.url);
  await eachCase(t, [["mqtts", ""], ["ws", "/mqtt"]] as const, async ([scheme, path]) => {
    const other = await otherTransport(parseEndpoint(`${scheme}://127.0.0.1:${port}${path}`));
    assert.equal(other, `the server there expects MQTT over TCP: use mqtt://127.0.0.1:${port}`);
  });
});

Deno.test("section 4: mqtt to a TLS port: the sentence says that the server speaks TLS", async () => {
  const endpoint = parseEndpoint("mqtts://127.0.0.1:0");
  const listener = await listen(endpoint, { identity: await serverIdentity("require") }, {
    accept: () => {},
    refused: () => {},
  });
  try {
    const { port } = listener.endpoint;
    const other = await otherTransport(parseEndpoint(`mqtt://127.0.0.1:${port}`));
    assert.equal(other, `the server there expects TLS: use mqtts://127.0.0.1:${port}`);
  } finally {
    listener.close();
  }
});

Deno.test("section 4: wss to a server of wss: a handshake of TLS alone is no advice to use mqtts", async () => {
  const endpoint = parseEndpoint("wss://127.0.0.1:0");
  const listener = await listen(endpoint, { identity: await serverIdentity() }, {
    accept: () => {},
    refused: () => {},
  });
  try {
    assert.equal(await otherTransport(parseEndpoint(`wss://127.0.0.1:${listener.endpoint.port}`)), undefined);
  } finally {
    listener.close();
  }
});

Deno.test("section 4: a server of an unknown protocol gets no advice", async () => {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of server) connection.close();
  })();
  const { port } = server.addr as Deno.NetAddr;
  assert.equal(await otherTransport(parseEndpoint(`mqtt://127.0.0.1:${port}`)), undefined);
  server.close();
  await serving;
});

const hosts: readonly [url: string, firstLine: string, host: (port: number) => string][] = [
  ["ws://127.0.0.1:{port}", "GET /mqtt HTTP/1.1", (port) => `127.0.0.1:${port}`],
  ["ws://127.0.0.1:{port}/", "GET / HTTP/1.1", (port) => `127.0.0.1:${port}`],
  ["ws://127.0.0.1:{port}/a/b?c", "GET /a/b?c HTTP/1.1", (port) => `127.0.0.1:${port}`],
];
for (const [url, firstLine, host] of hosts) {
  Deno.test(`section 4: the request for ${url}`, async () => {
    const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = server.addr as Deno.NetAddr;
    const endpoint = parseEndpoint(url.replace("{port}", String(port)));
    const { promise, resolve } = Promise.withResolvers<void>();
    const receiver = { onOpen: () => {}, onBytes: () => {}, onDrain: () => {}, onEnd: () => resolve() };
    dial(endpoint, {}, receiver);
    const connection = await server.accept();
    const bytes = new Uint8Array(1_000);
    const text = new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
    connection.close();
    server.close();
    await promise;
    const [first, ...fields] = text.split("\r\n");
    assert.equal(first, firstLine);
    assert.ok(fields.includes(`Host: ${host(port)}`), text);
  });
}

for (
  const [url, host] of [["ws://h:80", "h"], ["wss://[::1]", "[::1]"], ["wss://h:80", "h:80"], ["ws://h:443", "h:443"]]
) {
  Deno.test(`section 4: Host omits the default port of the scheme: ${url}`, () => {
    assert.equal(authorityOf(parseEndpoint(url!)), host);
  });
}
