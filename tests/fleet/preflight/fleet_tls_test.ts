/** TLS options of a plan, and the URLs that permit them. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { securedNodes, securedTarget } from "../../../src/fleet/preflight/fleet_tls.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import type { Notice } from "../../../src/fleet/result/result.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import { clientIdentity, tlsPath } from "../../support/tls_fixture.ts";
import { aPlan } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

async function secured(url: string, request: Partial<PlanRequest>) {
  const notices: Notice[] = [];
  const { tls } = await securedTarget(parseEndpoint(url), aPlan(request), (notice) => notices.push(notice));
  return { tls, notices };
}

Deno.test("fleet tls: a plan without TLS options is unchanged", async (t) => {
  await eachCase(t, ["mqtt://h", "mqtts://h", "ws://h", "wss://h"], async (url) => {
    assert.deepEqual(await secured(url, { tlsInsecure: false }), { tls: undefined, notices: [] });
  });
});

const asked: readonly [flag: string, request: Partial<PlanRequest>][] = [
  ["--tls-ca", { tlsCa: tlsPath("ca.pem") }],
  ["--tls-cert", { tlsCert: tlsPath("client.pem"), tlsKey: tlsPath("client.key") }],
  ["--tls-key", { tlsKey: tlsPath("client.key") }],
  ["--tls-server-name", { tlsServerName: "h" }],
  ["--tls-insecure", { tlsInsecure: true }],
];
for (const [flag, request] of asked) {
  Deno.test(`fleet tls: refuses ${flag} for a url without TLS`, async (t) => {
    await eachCase(t, [["mqtt://h", "mqtt://h:1883"], ["ws://h", "ws://h:80/mqtt"]], async ([url, shown]) => {
      const sentence =
        `Cannot use ${flag} with ${shown}, which does not use TLS: expected a --url with mqtts:// or wss://`;
      await assert.rejects(secured(url!, request), new UsageError(sentence));
    });
  });
}

Deno.test("fleet tls: reads the files, and warns when the certificate is not verified", async () => {
  const files = { tlsCa: tlsPath("ca.pem"), tlsCert: tlsPath("client.pem"), tlsKey: tlsPath("client.key") };
  const full = await secured("mqtts://h", { ...files, tlsServerName: "broker" });
  assert.deepEqual(full, { tls: { ...clientIdentity("client"), serverName: "broker", insecure: false }, notices: [] });
  const { tls, notices } = await secured("wss://h", { tlsInsecure: true });
  assert.equal(tls!.insecure, true);
  const text = "the certificate of wss://h:443/mqtt was not checked (--tls-insecure): the server may be an impostor";
  assert.deepEqual(notices, [{ level: "warning", text }]);
});

Deno.test("fleet tls: each node of a cluster has the target's credentials of AWS, and its own host", async () => {
  const awsCredentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const nodes = ["a", "b"].map((name) => ({ name, url: `wss://${name}:443/mqtt`, share: 1 }));
  const plan = aPlan({ nodes, awsSign: "eu-central-1" });
  const found = await securedNodes(plan, { ...parseEndpoint("wss://a"), awsCredentials });
  const signed = found.nodes?.map(({ host, web }) => ({ host, signing: web?.signing }));
  const signing = { region: "eu-central-1", credentials: awsCredentials };
  assert.deepEqual(signed, [{ host: "a", signing }, { host: "b", signing }]);
});

Deno.test("fleet tls: nodes take the certificates of the clients from paths with placeholders", async () => {
  const nodes = ["a", "b"].map((name) => ({ name, url: `mqtts://${name}:8883`, share: 1 }));
  const paths = { tlsCert: "certs/{client}.pem", tlsKey: "certs/{client}.key" };
  const found = await securedNodes(aPlan({ nodes, ...paths }), parseEndpoint("mqtts://a"));
  assert.deepEqual(found.nodes?.map(({ host, tls }) => ({ host, tls })), [
    { host: "a", tls: undefined },
    { host: "b", tls: undefined },
  ]);
});
