/**
 * Real clients use `mqtt-sim broker` over TCP, TLS, WebSocket and secure WebSocket, with certificates and logins; the
 * broker refuses those without the right.
 */
import assert from "node:assert/strict";
import { connect } from "node:tls";
import { ChildProcess } from "../support/machine/child_process.ts";
import { type BrokerPeer, brokerReady, pahoC, peerTest, startOurs } from "../support/brokers/peers.ts";
import {
  type Asked,
  type ClientKind,
  clientKinds,
  publish,
  RealClient,
  type Scheme,
} from "../support/clients/real_clients.ts";
import { tlsPath } from "../support/tls_fixture.ts";

const schemes: readonly Scheme[] = ["mqtt", "mqtts", "ws", "wss"];
const logins = { ann: { username: "ann", password: "right" }, eve: { username: "ann", password: "wrong" } };
const certificate = { ca: tlsPath("ca.pem"), cert: tlsPath("client.pem"), key: tlsPath("client.key") };
const secured = (scheme: Scheme) => scheme === "mqtts" || scheme === "wss";

/** Ann's password is "right". */
const users =
  "ann:$7$101$c2FsdHlzYWx0MTIz$HedJz7vRHiOM6ZQUVCrDC/qVaHWP5f90qfgsK+Xmfh+1uwf993NcKL95XZsNdL0yQBFjLUeisUkCrFqmSTNk7A==\n";
const acl = "user ann\ntopic e2e/#\nuser meter-1\ntopic e2e/#\n";

/** The broker, and the port of each transport. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly broker: BrokerPeer,
    readonly ports: Readonly<Record<Scheme, number>>,
    readonly folder: string,
  ) {}

  static async open(): Promise<Scene> {
    const folder = await Deno.makeTempDir({ prefix: "transports" });
    await Deno.writeTextFile(`${folder}/users`, users);
    await Deno.writeTextFile(`${folder}/acl`, acl);
    const files = ["--users", `${folder}/users`, "--acl", `${folder}/acl`, "--tls-username", "cn"];
    await Deno.copyFile(tlsPath("server.pem"), `${folder}/cert`);
    await Deno.copyFile(tlsPath("server.key"), `${folder}/key`);
    const tls = ["--tls-cert", `${folder}/cert`, "--tls-key", `${folder}/key`, "--tls-ca", tlsPath("ca.pem")];
    const listen = schemes.flatMap((scheme) => ["--listen", `${scheme}://127.0.0.1:0`]);
    const broker = await brokerReady(
      startOurs(["broker", ...listen, ...tls, "--tls-client-auth", "request", ...files]),
    );
    const [line] = await broker.child.line(/.*listening on.*/);
    const ports = schemes.map((
      scheme,
    ) => [scheme, Number(line.match(new RegExp(`\\b${scheme}://127\\.0\\.0\\.1:(\\d+)`))![1])]);
    return new Scene(broker, Object.fromEntries(ports), folder);
  }

  /** The broker's address over that transport. */
  over(scheme: Scheme): BrokerPeer {
    return { ...this.broker, port: this.ports[scheme] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Each client over each transport, except mosquitto's clients, which lack WebSocket. */
function schemesOf({ name }: ClientKind): readonly Scheme[] {
  return name.startsWith("mosquitto") ? ["mqtt", "mqtts"] : schemes;
}

const will = { topic: "e2e/will", payload: "gone", qos: 1, retain: false } as const;
const message = { topic: "e2e/x", payload: "grüße", qos: 1, retain: false } as const;

for (const kind of clientKinds) {
  for (const scheme of schemesOf(kind)) {
    for (const who of secured(scheme) ? ["login", "certificate"] as const : ["login"] as const) {
      peerTest(
        `${kind.name} over ${scheme}, by ${who}: exchanges messages and publishes a will`,
        kind.needs,
        async () => {
          await using scene = await Scene.open();
          const broker = scene.over(scheme);
          const access: Partial<Asked> = {
            scheme,
            ...(secured(scheme) && { tls: who === "certificate" ? certificate : { ca: certificate.ca } }),
            ...(who === "login" && { login: logins.ann }),
          };
          const subscribe = { filter: "e2e/#", qos: 1 } as const;
          const common = { version: 5, clean: true, ...access } as const;
          await using watcher = await RealClient.start(kind, broker, { ...common, clientId: "watcher", subscribe });
          await publish(kind, broker, 5, message, access);
          assert.deepEqual(await watcher.next(), message);
          // mosquitto_sub waits on another topic, which the rules deny.
          const waits = kind.name.startsWith("mosquitto") ? { subscribe } : {};
          await using mortal = await RealClient.start(kind, broker, { ...common, clientId: "mortal", will, ...waits });
          await mortal.die();
          assert.deepEqual(await watcher.next(), will);
        },
      );
    }

    peerTest(`${kind.name} over ${scheme}: refuses a wrong password`, kind.needs, async () => {
      await using scene = await Scene.open();
      const { host, port } = scene.over(scheme);
      const tls = secured(scheme) ? { tls: { ca: certificate.ca } } : {};
      const asked = {
        host,
        port,
        scheme,
        version: 5,
        clientId: "eve",
        clean: true,
        login: logins.eve,
        ...tls,
      } as const;
      await using child = kind.start({ ...asked, publish: message });
      assert.notEqual((await child.exit()).code, 0);
      assert.match(child.said, /refused|Bad User Name or Password|not authori[sz]ed/i);
    });
  }
}

const pahoCScheme = { mqtt: "tcp", mqtts: "ssl", ws: "ws", wss: "wss" } as const;

for (const scheme of schemes) {
  peerTest(`paho C over ${scheme}: receives a message and publishes a will`, [pahoC], async () => {
    await using scene = await Scene.open();
    const { host, port } = scene.over(scheme);
    const url = `${pahoCScheme[scheme]}://${host}:${port}${scheme.startsWith("ws") ? "/mqtt" : ""}`;
    const common = ["-c", url, "-q", "1", ...(secured(scheme) ? pahoCTls : ["-u", "ann", "-P", "right"])];
    await using author = new ChildProcess("paho_c_pub", [
      ...common,
      "-i",
      "author",
      "-t",
      "e2e/kept",
      "-m",
      "kept",
      "-r",
    ]);
    assert.equal((await author.exit()).code, 0, author.said);
    const js = clientKinds[0]!;
    const watching = { version: 5, clientId: "watcher", clean: true, login: logins.ann } as const;
    await using watcher = await RealClient.start(js, scene.over("mqtt"), {
      ...watching,
      subscribe: { filter: "e2e/will", qos: 1 },
    });
    const lastWords = ["--will-topic", will.topic, "--will-payload", will.payload, "--will-qos", "1"];
    await using reader = new ChildProcess("stdbuf", [
      ...["-oL", "paho_c_sub", ...common, "-i", "reader", "-t", "e2e/kept", ...lastWords],
    ]);
    await reader.line(/^kept$/);
    reader.kill("SIGKILL");
    assert.deepEqual(await watcher.next(), will);
  });
}

const pahoCTls = ["--cafile", certificate.ca, "--cert", certificate.cert, "--key", certificate.key];

peerTest("SIGHUP: new certificates and users apply to new connections, and no connection ends", [], async () => {
  await using scene = await Scene.open();
  const js = clientKinds[0]!;
  const broker = scene.over("mqtts");
  const over = { version: 5, clean: true, scheme: "mqtts", tls: { ca: certificate.ca } } as const;
  const subscribe = { filter: "e2e/#", qos: 1 } as const;
  await using watcher = await RealClient.start(js, broker, {
    ...over,
    clientId: "watcher",
    login: logins.ann,
    subscribe,
  });
  assert.equal(await commonName(broker.port), "mqtt-sim test server");

  await Deno.writeTextFile(`${scene.folder}/acl`, "nonsense\n");
  await Deno.copyFile(tlsPath("renewed.pem"), `${scene.folder}/cert`);
  await Deno.copyFile(tlsPath("renewed.key"), `${scene.folder}/key`);
  scene.broker.child.kill("SIGHUP");
  await scene.broker.child.line(/Cannot read line 1 of ACL file .*; nothing was changed/);
  assert.equal(await commonName(broker.port), "mqtt-sim test server");

  await Deno.writeTextFile(`${scene.folder}/acl`, `${acl}user bob\ntopic e2e/#\n`);
  await Deno.writeTextFile(`${scene.folder}/users`, `${users}${users.replace("ann", "bob")}`);
  scene.broker.child.kill("SIGHUP");
  for (let tries = 0; await commonName(broker.port) !== "mqtt-sim renewed server"; tries++) {
    assert.ok(tries < 100, "the certificate is renewed");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await publish(js, broker, 5, message, { ...over, login: { username: "bob", password: "right" } });
  assert.deepEqual(await watcher.next(), message);
});

/** Of the certificate that a new client receives. */
function commonName(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, ca: Deno.readTextFileSync(certificate.ca) });
  socket.on("secureConnect", () => resolve(String(socket.getPeerCertificate().subject.CN)));
  socket.on("error", reject);
  return promise.finally(() => socket.destroy());
}

peerTest("a fleet passes over WebSocket as over TCP", [], async () => {
  await using broker = await brokerReady(
    startOurs(["broker", "--listen", "mqtt://127.0.0.1:0", "--listen", "ws://127.0.0.1:0"]),
  );
  const [line] = await broker.child.line(/.*listening on.*/);
  const [url] = line.match(/ws:\S+\/mqtt/)!;
  await using fleet = startOurs(["fleet", "--url", url, "--clients", "50", "--kill-rate", "50%", "--duration", "2s"]);
  assert.equal((await fleet.exit(60_000)).code, 0, fleet.said);
  await fleet.line(/^PASS {2}all \d+ wills that were due came once, on time and unaltered$/);
});
