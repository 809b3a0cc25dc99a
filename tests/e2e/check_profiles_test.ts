/**
 * The profiles of mosquitto and aedes contain each of their failures: a check with the profile passes and names each
 * deviation by its id. Quick cases only, and of aedes only the known failures; docs/conformance has all.
 */
import assert from "node:assert/strict";
import { knownDeviations } from "../../src/conformance/case/known_deviations.ts";
import type { CheckReport } from "../../src/report/model/check_report.ts";
import { profileOf } from "../../src/profiles/profiles.ts";
import { type CheckedPeer, checkedPeers } from "../support/brokers/checked_peers.ts";
import { mosquitto, type Peer, peerTest, startOurs } from "../support/brokers/peers.ts";

/** Tolerance for a machine with other load. */
const slack = "3";

async function check(
  peer: CheckedPeer,
  profile: string,
  only: readonly string[],
): Promise<{ code: number; report: CheckReport; said: string }> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await using child = startOurs([
    ...["check", "--url", peer.url, "--quick", "--slack", slack, "--profile", profile, "--verbose"],
    ...peer.login === undefined ? [] : ["--username", peer.login.username, "--password", peer.login.password],
    ...["--denied-topic", peer.deniedTopic!],
    ...only.flatMap((id) => ["--only", id]),
    ...only.length === 0 ? [] : ["--parallel", "1"],
    ...["--report", file],
  ]);
  const { code } = await child.exit(150_000);
  const report = JSON.parse(await Deno.readTextFile(file));
  await Deno.remove(file);
  return { code, report, said: child.said };
}

/** Checks all cases, or the named ones, one at a time. */
function knownTest(name: string, needs: readonly Peer[], least: number, only: readonly string[] = []): void {
  peerTest(
    `check --profile ${name} passes ${name}, and reports its deviations`,
    needs,
    async () => {
      await using peer = await checkedPeers[name]!();
      const { code, report, said } = await check(peer, name, only);
      const failed = report.cases.filter(({ outcome }) => outcome === "fail");
      assert.deepEqual(failed.map(({ id, protocol, reason }) => `${id} in ${protocol}: ${reason}`), []);
      assert.equal(code, 0, report.reason);
      const ids = profileOf(name)!.deviations.map(({ id }) => id);
      const deviating = report.cases.filter(({ outcome }) => outcome === "deviation");
      assert.ok(deviating.length >= least, `${deviating.length} deviations`);
      for (const { id, protocol, deviation } of deviating) {
        assert.ok(ids.includes(deviation!), `${id}: ${deviation}`);
        assert.ok(said.includes(`${id} in ${protocol} deviates as profile ${name} describes (${deviation})`), id);
      }
    },
    180_000,
  );
}

knownTest("mosquitto", [mosquitto], 20);
// A part of the catalog only: under the whole catalog aedes sometimes leaves a client without an answer. It did so in 2
// of 8 runs on Deno and in none of 12 on Node, so the runtime's node:net may be the cause; no small script has
// reproduced it.
const ofAedes = Object.entries(knownDeviations).flatMap(([id, cases]) => id.startsWith("aedes/") ? cases : []);
knownTest("aedes", [], 10, ofAedes);

peerTest("check: another broker's profile excuses no deviation of mosquitto", [mosquitto], async () => {
  await using peer = await checkedPeers["mosquitto"]!();
  await using child = startOurs([
    ...["check", "--url", peer.url, "--profile", "ejabberd", "--only", "connect/from-client-pingresp"],
  ]);
  assert.equal((await child.exit(60_000)).code, 1, child.said);
});
