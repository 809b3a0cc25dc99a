/**
 * `mqtt-sim fleet` over TLS on real brokers: with certificate authorities, with a client certificate, and without a
 * required one.
 */
import assert from "node:assert/strict";
import {
  type BrokerPeer,
  mosquitto,
  type Peer,
  peerTest,
  startMosquitto,
  startOurs,
} from "../support/brokers/peers.ts";
import { brokerReady } from "../support/brokers/peers.ts";
import { tlsPath } from "../support/tls_fixture.ts";

const ca = ["--tls-ca", tlsPath("ca.pem")];
const own = ["--tls-cert", tlsPath("client.pem"), "--tls-key", tlsPath("client.key")];
const schemes = ["mqtts", "wss"] as const;

/** A broker that requires a client certificate of its authority, and its URLs. */
interface Secured extends AsyncDisposable {
  readonly urls: Readonly<Partial<Record<typeof schemes[number], string>>>;
}

async function startOursSecured(): Promise<Secured> {
  const listen = ["mqtt", ...schemes].flatMap((scheme) => ["--listen", `${scheme}://127.0.0.1:0`]);
  const files = ["--tls-cert", tlsPath("server.pem"), "--tls-key", tlsPath("server.key"), ...ca];
  const broker = await brokerReady(startOurs(["broker", ...listen, ...files, "--tls-client-auth", "require"]));
  const [line] = await broker.child.line(/.*listening on.*/);
  const urls = schemes.map((scheme) => [scheme, line.match(new RegExp(`\\b${scheme}://127\\.0\\.0\\.1:\\d+\\S*`))![0]]);
  return { urls: Object.fromEntries(urls), [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
}

async function startMosquittoSecured(): Promise<Secured> {
  const folder = await Deno.makeTempDir({ prefix: "mosquitto-tls" });
  await Deno.chmod(folder, 0o755); // mosquitto reads them as another user
  for (const name of ["ca.pem", "server.pem", "server.key"]) {
    await Deno.copyFile(tlsPath(name), `${folder}/${name}`);
    await Deno.chmod(`${folder}/${name}`, 0o644);
  }
  const broker: BrokerPeer = await startMosquitto([
    `cafile ${folder}/ca.pem`,
    `certfile ${folder}/server.pem`,
    `keyfile ${folder}/server.key`,
    "require_certificate true",
  ]);
  return {
    urls: { mqtts: `mqtts://127.0.0.1:${broker.port}` },
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function fleetOn(url: string, flags: readonly string[]) {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  try {
    const run = ["--clients", "30", "--kill-rate", "20%", "--duration", "2s", "--reconnect-after", "500ms"];
    await using fleet = startOurs(["fleet", "--url", url, "--seed", "7", ...run, "--report", path, ...flags]);
    const { code } = await fleet.exit(45_000);
    return { code, said: fleet.said, report: JSON.parse((await Deno.readTextFile(path)) || "{}") };
  } finally {
    await Deno.remove(path);
  }
}

const brokers: readonly [name: string, needs: readonly Peer[], start: () => Promise<Secured>][] = [
  ["mqtt-sim broker", [], startOursSecured],
  ["mosquitto", [mosquitto], startMosquittoSecured],
];
for (const [name, needs, start] of brokers) {
  peerTest(`a fleet with a certificate on ${name}: each will arrives, over each transport`, needs, async () => {
    await using broker = await start();
    for (const [scheme, url] of Object.entries(broker.urls)) {
      const { code, said, report } = await fleetOn(url, [...ca, ...own]);
      assert.deepEqual({ code, verdict: report.verdict }, { code: 0, verdict: "pass" }, said);
      assert.ok(report.wills.expected > 3 && report.wills.onTime === report.wills.expected, `${scheme}: ${said}`);
      assert.match(report.run.repeat, / --tls-ca \S+ca\.pem --tls-cert \S+client\.pem --tls-key \S+client\.key/);
      assert.doesNotMatch(JSON.stringify(report), /PRIVATE KEY/);
    }
  });

  peerTest(`a fleet without a certificate on ${name} is void, and --tls-insecure gives a warning`, needs, async () => {
    await using broker = await start();
    const url = broker.urls.mqtts!;
    const refused = await fleetOn(url, ca);
    assert.deepEqual(
      { code: refused.code, verdict: refused.report.verdict },
      { code: 3, verdict: "void" },
      refused.said,
    );
    const distrustful = await fleetOn(url, own);
    assert.equal(distrustful.code, 3, distrustful.said);
    assert.match(distrustful.report.reason, /^cannot reach mqtts:.*certificate/i);
    const careless = await fleetOn(url, [...own, "--tls-insecure"]);
    assert.equal(careless.code, 0, careless.said);
    assert.ok(careless.report.warnings.some((text: string) => text.includes("(--tls-insecure)")), careless.said);
    assert.match(careless.said, /warning: .*certificate/s);
  });
}
