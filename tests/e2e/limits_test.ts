/**
 * A check of a broker with a limit that the standard leaves to it: no case fails for the limit.
 * tests/conformance/limited_brokers_test.ts has each limit separately, under a manual clock; here several apply
 * together, between processes, on our own broker, mosquitto and aedes 2.
 */
import assert from "node:assert/strict";
import type { CheckReport } from "../../src/report/model/check_report.ts";
import {
  type BrokerPeer,
  mosquitto,
  type Peer,
  peerTest,
  startMosquitto,
  startOurBroker,
  startOurs,
} from "../support/brokers/peers.ts";

interface Limited {
  readonly name: string;
  readonly needs: readonly Peer[];
  readonly start: () => Promise<BrokerPeer>;
  readonly flags?: readonly string[];
}

const ours = (flags: string): Limited => ({
  name: `mqtt-sim broker ${flags}`,
  needs: [],
  start: () => startOurBroker(flags.split(" ")),
});

/** Areas in which mosquitto has few deviations, because check repeats each failure alone on a busy machine. */
const areas = ["session", "publish", "retained", "subscribe", "properties", "limits", "will/retain", "will/qos"];
const knownOfMosquitto = ["--profile", "mosquitto", ...areas.flatMap((area) => ["--only", area])];

const limited: readonly Limited[] = [
  ours("--max-connect-rate 100"),
  ours("--max-qos 0 --max-will-payload 512 --receive-maximum 1"),
  ours("--max-qos 1 --retain no --max-packet-size 4096 --max-topic-length 200 --server-keep-alive 20"),
  {
    name: "mosquitto with max_qos 1, no retained messages and one message in flight",
    needs: [mosquitto],
    start: () =>
      startMosquitto([
        "max_qos 1",
        "retain_available false",
        "max_inflight_messages 1",
        "max_keepalive 20",
        "persistent_client_expiration 1h",
      ]),
    flags: knownOfMosquitto,
  },
  {
    name: "mosquitto with max_packet_size 250",
    needs: [mosquitto],
    start: () => startMosquitto(["max_packet_size 250"]),
    flags: knownOfMosquitto,
  },
];

for (const { name, needs, start, flags = [] } of limited) {
  peerTest(
    `check: no limit of ${name} is a failure`,
    needs,
    async () => {
      await using broker = await start();
      const file = await Deno.makeTempFile({ suffix: ".json" });
      await using child = startOurs([
        ...["check", "--url", broker.url, "--quick", "--slack", "2", "--quiet", "--report", file],
        ...flags,
      ]);
      const { code } = await child.exit(170_000);
      const { cases, counts }: CheckReport = JSON.parse(await Deno.readTextFile(file));
      await Deno.remove(file);
      const failed = cases.filter(({ outcome }) => outcome === "fail");
      assert.deepEqual(failed.map(({ id, protocol, reason }) => `${id} in ${protocol}: ${reason}`), []);
      assert.equal(code, 0, child.said);
      assert.ok(counts.pass > 100, `${counts.pass} cases passed`);
    },
    180_000,
  );
}
