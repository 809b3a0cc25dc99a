/** Servers that refer clients to others: the run reports the reference, or follows it. */
import assert from "node:assert/strict";
import { Broker } from "../../../../src/broker/broker.ts";
import { makePlan } from "../../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../../../src/fleet/result/result.ts";
import { remarkTexts } from "../../../../src/fleet/result/remarks.ts";
import { runFleet } from "../../../../src/fleet/run_fleet.ts";
import { parseEndpoint, referencedEndpoint } from "../../../../src/net/endpoint.ts";
import { openReferringServer, type Referral } from "../../../support/brokers/servers/referring_server.ts";

const asked: PlanRequest = {
  run: "r",
  seed: 1,
  clients: 5,
  protocol: "5",
  killRate: { kind: "count", perSecond: 10 },
  killShares: [{ mode: "close", weight: 1 }],
  durationMs: 600,
  reconnectAfterMs: 100,
  drainMs: 500,
};

async function run(port: number, more: Partial<PlanRequest> = {}): Promise<FleetResult> {
  const target = parseEndpoint(`mqtt://127.0.0.1:${port}`);
  const plan = makePlan({ ...asked, ...more });
  return await runFleet({ plan, target, brokerInProcess: true }, { onProgress() {}, onNotice() {} });
}

for (const [reasonCode, name] of [[0x9c, "use another server"], [0x9d, "server moved"]] as const) {
  Deno.test(`references: every connection follows a CONNACK with ${name}`, async () => {
    await using broker = await Broker.start({ port: 0 });
    const serverReference = `no/host 127.0.0.1:${broker.port} other.example`;
    await using server = await openReferringServer(() => ({ reasonCode, serverReference }));
    const result = await run(server.port, { followReferences: true });
    assert.equal(result.verdict, "pass", result.reason);
    assert.ok(result.wills.onTime >= 4, `${result.wills.onTime} wills`);
    const followed = result.remarks?.references?.[`mqtt://127.0.0.1:${broker.port}`] ?? 0;
    assert.ok(followed >= 6, `${followed} connections followed`);
    const text = "connections followed references of the broker to other servers: ";
    assert.ok(remarkTexts(result.remarks ?? {}).some((note) => note.startsWith(text)), JSON.stringify(result.remarks));
    // A moved server is left for good, another one is for one CONNECT.
    const ofClient = server.connects.filter((id) => /^mqtt-sim-r-\d+$/.test(id));
    const twice = ofClient.some((id, place) => ofClient.indexOf(id) !== place);
    assert.equal(twice, reasonCode === 0x9c, `${ofClient}`);
  });
}

Deno.test("references: without the flag the run is void, with reference, reason string and the flag", async () => {
  const referral: Referral = {
    reasonCode: 0x9d,
    serverReference: "b.example:8883",
    reasonString: "moved\u001b[2J",
  };
  await using server = await openReferringServer(() => referral);
  const { verdict, reason } = await run(server.port);
  assert.equal(verdict, "void");
  const wanted = '0x9d (Server moved), reason string "moved\\u001b[2J", server reference "b.example:8883"; ' +
    "--follow-references connects there";
  assert.ok(reason.includes(wanted), reason);
});

Deno.test("references: two servers that refer to each other are left after three references", async () => {
  let other = 0;
  await using one = await openReferringServer(() => ({ reasonCode: 0x9c, serverReference: `127.0.0.1:${other}` }));
  const two = await openReferringServer(() => ({ reasonCode: 0x9c, serverReference: `127.0.0.1:${one.port}` }));
  await using _ = two;
  other = two.port;
  const { verdict, reason } = await run(one.port, { followReferences: true });
  assert.equal(verdict, "void");
  assert.match(reason, /0x9c \(Use another server\), server reference "127\.0\.0\.1:/);
  assert.deepEqual([one.connects.length, two.connects.length], [2, 2]);
});

Deno.test("references: a reference that is no address is reported, not followed", async () => {
  await using server = await openReferringServer(() => ({ reasonCode: 0x9c, serverReference: "mqtt://x/ 1.2.3.4:0" }));
  const { verdict, reason } = await run(server.port, { followReferences: true });
  assert.equal(verdict, "void");
  assert.match(reason, /0x9c \(Use another server\), server reference "mqtt:\/\/x\/ 1\.2\.3\.4:0"$/);
});

Deno.test("references: the will is due after a DISCONNECT with a reference, and the next CONNECT goes there", async () => {
  await using broker = await Broker.start({ port: 0 });
  const { port } = broker;
  const referral: Referral = {
    reasonCode: 0x9d,
    serverReference: `127.0.0.1:${port}`,
    behind: { port, afterMs: 900 },
  };
  await using server = await openReferringServer(() => referral);
  const killRate = { kind: "count", perSecond: 0 } as const;
  const result = await run(server.port, { followReferences: true, killRate, durationMs: 2_500 });
  assert.deepEqual([result.verdict, result.wills.missing], ["pass", 0], result.reason);
  assert.equal(result.wills.expected, 5, "one will for each client");
  const ids = server.connects.filter((id) => /^mqtt-sim-r-[0-4]$/.test(id));
  assert.deepEqual(
    ids.toSorted(),
    [0, 1, 2, 3, 4].map((number) => `mqtt-sim-r-${number}`),
    "each client connects once",
  );
  assert.equal(result.remarks?.references?.[`mqtt://127.0.0.1:${port}`], 5);
  const [lost] = Object.keys(result.remarks?.lostConnections ?? {});
  assert.match(lost ?? "", /disconnected it with 0x9d \(Server moved\), server reference "127\.0\.0\.1:\d+"/);
});

const texts: readonly (readonly [text: string, url: string | undefined])[] = [
  ["b.example", "mqtts://b.example:8883"],
  ["b.example:1", "mqtts://b.example:1"],
  ["10.0.0.7:99", "mqtts://10.0.0.7:99"],
  ["[2001:db8::1]:5 b.example", "mqtts://[2001:db8::1]:5"],
  ["bad_/host  b-2.example", "mqtts://b-2.example:8883"],
  ["b.example:65536 c.example:0 :1 @d [::1", undefined],
  ["user@b.example", undefined],
  ["b.example/path b.example?x", undefined],
  ["", undefined],
];
Deno.test("references: the first address of a reference counts, with the transport of the server", () => {
  for (const [text, url] of texts) {
    const found = referencedEndpoint(parseEndpoint("mqtts://a.example"), text);
    assert.equal(found?.url, url, text);
    assert.equal(found === undefined ? undefined : found.transport, url && "tls");
  }
  assert.equal(referencedEndpoint(parseEndpoint("unix:///tmp/x.sock"), "b.example:1883"), undefined);
});
