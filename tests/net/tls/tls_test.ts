/**
 * Certificates: the clients that a TLS listener accepts, the names that it reads, and renewal of its own certificate.
 */
import assert from "node:assert/strict";
import net from "node:net";
import { UsageError } from "../../../src/base/failure.ts";
import { dial } from "../../../src/net/dial.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import type { Link } from "../../../src/net/link.ts";
import { listen } from "../../../src/net/listen.ts";
import { heldLimitBytes } from "../../../src/net/tcp/socket_link.ts";
import { type ClientAuth, readTlsClientFiles, readTlsFiles } from "../../../src/net/tls/tls_identity.ts";
import type { TlsDialOptions } from "../../../src/net/tls/tls_dial.ts";
import { LinkProbe } from "../../support/clients/link_probe.ts";
import { clientIdentity, pem, serverIdentity, tlsPath } from "../../support/tls_fixture.ts";

class Scene implements Disposable {
  readonly accepted: LinkProbe[] = [];
  readonly warnings: string[] = [];
  readonly dialled: LinkProbe[] = [];

  private constructor(readonly listener: Awaited<ReturnType<typeof listen>>) {}

  static async open(clientAuth: ClientAuth, scheme = "mqtts"): Promise<Scene> {
    const holder: { scene?: Scene } = {};
    const listener = await listen(parseEndpoint(`${scheme}://127.0.0.1:0`), {
      identity: await serverIdentity(clientAuth),
    }, {
      accept: (link: Link) => holder.scene!.accepted.push(LinkProbe.on(link)),
      refused: (sentence) => holder.scene!.warnings.push(sentence),
    });
    return holder.scene = new Scene(listener);
  }

  /** Sends a byte, waits for an answer or the end, and returns whether an answer came. */
  async greets(tls: TlsDialOptions): Promise<boolean> {
    const probe = LinkProbe.by((receiver) => dial(this.listener.endpoint, { tls }, receiver));
    this.dialled.push(probe);
    const before = this.accepted.length;
    probe.write("hello");
    assert.ok(await probe.until(() => this.accepted.length > before), "the link is accepted at once");
    const near = this.accepted[before]!;
    assert.ok(await near.until(({ text, end }) => text === "hello" || end !== undefined));
    if (near.end !== undefined) return false;
    near.write("welcome");
    return await probe.until(({ text, end }) => text === "welcome" || end !== undefined) && probe.text === "welcome";
  }

  [Symbol.dispose](): void {
    for (const { link } of [...this.dialled, ...this.accepted]) link.reset();
    this.listener.close();
  }
}

const cases: readonly [auth: ClientAuth, client: "client" | "stranger" | undefined, name: string | undefined | null][] =
  [
    ["none", undefined, undefined],
    ["none", "client", undefined],
    ["request", undefined, undefined],
    ["request", "client", "meter-1"],
    ["request", "stranger", undefined],
    ["require", "client", "meter-1"],
    ["require", undefined, null],
    ["require", "stranger", null],
  ];
for (const scheme of ["mqtts", "wss"]) {
  for (const [auth, client, name] of cases) {
    const outcome = name === null ? "kept out" : `let in as ${name ?? "an anonymous client"}`;
    Deno.test(`${scheme}: client certificates: ${auth}: ${client ?? "no certificate"} is ${outcome}`, async () => {
      using scene = await Scene.open(auth, scheme);
      assert.equal(await scene.greets(clientIdentity(client)), name !== null);
      if (name === null) assert.match(scene.warnings[0] ?? "", /^Cannot accept a connection over TLS: /);
      else assert.equal(scene.accepted[0]!.link.certificateName, name);
    });
  }
}

Deno.test("tls: a client that does not trust the server's authority fails, unless verification is off", async () => {
  using scene = await Scene.open("none");
  assert.equal(await scene.greets({}), false);
  const { end } = scene.dialled[0]!;
  assert.ok(end?.kind === "error", JSON.stringify(end));
  assert.match(end.message, /self.signed|certificate/i);
  assert.equal(await scene.greets({ insecure: true }), true);
});

Deno.test("tls: a peer that does not read slows the writer, and receives all bytes when it reads", async () => {
  using scene = await Scene.open("none");
  const { port } = scene.listener;
  using peer = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [pem("ca.pem")] });
  await peer.handshake();
  const probe = new LinkProbe();
  assert.ok(await probe.until(() => scene.accepted.length === 1));
  const near = scene.accepted[0]!;
  const piece = new Uint8Array(100_000);
  let leftBytes = 0;
  for (let more = true; more; leftBytes += piece.length) {
    more = near.link.write(piece);
    await new Promise((resolve) => setTimeout(resolve));
    assert.ok(leftBytes < 100_000_000, "there is a bound");
  }
  assert.ok(near.link.bufferedBytes > 0);
  assert.equal(near.drains, 0);
  const buffer = new Uint8Array(65_536);
  while (leftBytes > 0) leftBytes -= await peer.read(buffer) ?? 0;
  assert.ok(await near.until(({ drains }) => drains === 1), "the link reports a drain");
  assert.equal(near.link.bufferedBytes, 0);
});

Deno.test("tls: a paused link holds bytes up to a limit, in order with the end", async () => {
  using scene = await Scene.open("none");
  assert.ok(await scene.greets(clientIdentity()));
  const [near] = scene.accepted;
  near!.link.pause();
  scene.dialled[0]!.write(" and").write(" bye").link.end();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual({ text: near!.text, end: near!.end }, { text: "hello", end: undefined });
  near!.link.resume();
  assert.ok(await near!.until(({ end }) => end !== undefined));
  assert.deepEqual({ text: near!.text, end: near!.end }, { text: "hello and bye", end: { kind: "fin" } });

  assert.ok(await scene.greets(clientIdentity()));
  const [, left] = scene.accepted;
  left!.link.pause();
  scene.dialled[1]!.link.end();
  await new Promise((resolve) => setTimeout(resolve, 100));
  left!.link.end();
  assert.ok(await left!.until(({ end }) => end !== undefined), "an end is reported without a resume too");

  assert.ok(await scene.greets(clientIdentity()));
  const [, , flooded] = scene.accepted;
  flooded!.link.pause();
  for (let sent = 0; sent <= heldLimitBytes; sent += 65_536) scene.dialled[2]!.link.write(new Uint8Array(65_536));
  assert.ok(await flooded!.until(({ end }) => end !== undefined));
  assert.deepEqual(flooded!.end?.kind, "error");
  assert.equal(flooded!.text, "hello");
});

Deno.test("tls: renewed certificates apply to new handshakes; open links stay open", async () => {
  using scene = await Scene.open("require");
  assert.ok(await scene.greets(clientIdentity("client")));
  scene.listener.renew(await serverIdentity("require", "renewed"));
  assert.equal(await commonNameSeen(scene.listener.port), "mqtt-sim renewed server");
  const [near] = scene.accepted;
  scene.dialled[0]!.write(" again");
  assert.ok(await near!.until(({ text }) => text === "hello again"));
  assert.equal(await scene.greets(clientIdentity()), false, "clients are still asked for theirs");
});

async function commonNameSeen(port: number): Promise<string> {
  const { connect } = await import("node:tls");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, ...clientIdentity("client") });
  socket.on("secureConnect", () => resolve(String(socket.getPeerCertificate().subject.CN)));
  socket.on("error", reject);
  return await promise.finally(() => socket.destroy());
}

const bad: readonly [name: string, files: Parameters<typeof readTlsFiles>[0], sentence: RegExp][] = [
  [
    "a file that is not there",
    { cert: tlsPath("none.pem"), key: tlsPath("server.key") },
    /^Cannot read certificate file/,
  ],
  ["no certificate", { cert: tlsPath("server.key"), key: tlsPath("server.key") }, /expected a certificate in PEM$/],
  ["no key", { cert: tlsPath("server.pem"), key: tlsPath("server.pem") }, /expected a private key in PEM/],
  [
    "another's key",
    { cert: tlsPath("server.pem"), key: tlsPath("renewed.key") },
    /it is not the key of the certificate/,
  ],
  [
    "no authorities to hold clients to",
    { cert: tlsPath("server.pem"), key: tlsPath("server.key"), clientAuth: "require" },
    /^Cannot require client certificates: expected the authorities/,
  ],
];
for (const [name, files, sentence] of bad) {
  Deno.test(`tls files: refuses ${name}`, async () => {
    await assert.rejects(readTlsFiles(files), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, sentence);
      return true;
    });
  });
}

Deno.test("tls files: accepts the files unchanged", async () => {
  const identity = await serverIdentity("request");
  assert.deepEqual(identity, {
    cert: pem("server.pem"),
    key: pem("server.key"),
    ca: pem("ca.pem"),
    clientAuth: "request",
  });
});

Deno.test("tls: the expected name of a certificate can be configured", async () => {
  using scene = await Scene.open("none");
  const { ca } = clientIdentity();
  assert.equal(await scene.greets({ ca, serverName: "localhost" }), true);
  assert.equal(await scene.greets({ ca, serverName: "broker.example" }), false);
  const { end } = scene.dialled[1]!;
  assert.match(end?.kind === "error" ? end.message : "", /name/i);
});

const nowhere = tlsPath("nowhere.pem");
const clientFiles: readonly [files: Parameters<typeof readTlsClientFiles>[0], fault: RegExp][] = [
  [{ ca: nowhere }, /^Cannot read authorities file .*nowhere\.pem: /],
  [{ ca: tlsPath("ca.key") }, /^Cannot use certificate file .*ca\.key: expected a certificate in PEM$/],
  [{ cert: tlsPath("client.pem") }, /^Cannot use --tls-cert .*client\.pem alone: expected --tls-key with it$/],
  [{ key: tlsPath("client.key") }, /^Cannot use --tls-key .*client\.key alone: expected --tls-cert with it$/],
  [{ cert: nowhere, key: tlsPath("client.key") }, /^Cannot read certificate file .*nowhere\.pem: /],
  [{ cert: tlsPath("client.pem"), key: nowhere }, /^Cannot read private key file .*nowhere\.pem: /],
  [
    { cert: tlsPath("client.pem"), key: tlsPath("stranger.key") },
    /^Cannot use key file .*stranger\.key: it is not the key of the certificate in .*client\.pem$/,
  ],
];
for (const [files, fault] of clientFiles) {
  const names = Object.entries(files).map(([name, path]) => `${name} ${path.split("/").at(-1)}`);
  Deno.test(`tls: refuses a client's ${names.join(" with ")}`, async () => {
    await assert.rejects(
      readTlsClientFiles(files),
      (error) => error instanceof UsageError && fault.test(error.message),
    );
  });
}

Deno.test("tls: reads a client's files", async () => {
  const files = { ca: tlsPath("ca.pem"), cert: tlsPath("client.pem"), key: tlsPath("client.key") };
  assert.deepEqual(await readTlsClientFiles(files), clientIdentity("client"));
  assert.deepEqual(await readTlsClientFiles({}), { ca: undefined });
});

/** A server of TCP that forwards to a port, and records how each client ended its connection. */
async function forwarder(port: number): Promise<net.Server & { readonly ends: string[] }> {
  const ends: string[] = [];
  const server = net.createServer((client) => {
    const target = net.connect({ host: "127.0.0.1", port });
    target.on("error", () => {});
    // After an RST the next read fails with ECONNRESET, a write under way with EPIPE.
    client.on(
      "error",
      ({ code = "error" }: NodeJS.ErrnoException) =>
        void ends.push(["ECONNRESET", "EPIPE"].includes(code) ? "rst" : code),
    );
    client.on("end", () => void ends.push("fin"));
    client.on("close", () => target.destroy());
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(server, { ends });
}

for (const [ending, seen] of [["reset", "rst"], ["end", "fin"]] as const) {
  Deno.test(`mqtts: ${ending} reaches the server's TCP as ${seen}`, async () => {
    using listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: pem("server.pem"),
      key: pem("server.key"),
    });
    const door = await forwarder(listener.addr.port);
    try {
      const endpoint = parseEndpoint(`mqtts://127.0.0.1:${(door.address() as net.AddressInfo).port}`);
      const probe = LinkProbe.by((receiver) => dial(endpoint, { tls: clientIdentity() }, receiver)).write("?");
      using server = await listener.accept();
      await server.read(new Uint8Array(16));
      probe.link[ending]();
      while (door.ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(door.ends[0], seen);
      server.close();
      assert.ok(await probe.until(({ end }) => end?.kind === "closed"));
    } finally {
      await new Promise((resolve) => door.close(resolve));
    }
  });
}
