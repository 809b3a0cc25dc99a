/** `mqtt-sim fleet` on correct real brokers: it reports no fault. */
import assert from "node:assert/strict";
import type { PresenceResult } from "../../src/fleet/result/presence_result.ts";
import { nats, startNats } from "../support/brokers/nats_peer.ts";
import {
  type BrokerPeer,
  mosquitto,
  type Peer,
  peerTest,
  startAedes,
  startAedes2,
  startMosquitto,
  startOurBroker,
  startOurs,
} from "../support/brokers/peers.ts";

const faults = ["late", "early", "missing", "duplicate", "unwanted", "altered"] as const;

/** The parts of the report that the test reads. */
interface Report {
  readonly verdict: string;
  readonly exitCode: number;
  readonly kills: { readonly total: number };
  readonly wills: Readonly<Record<"expected" | "onTime" | (typeof faults)[number], number>>;
  readonly presence?: PresenceResult;
}

const runs: readonly {
  readonly name: string;
  readonly needs: readonly Peer[];
  readonly start: () => Promise<BrokerPeer>;
  readonly flags: readonly string[];
}[] = [
  { name: "mqtt-sim broker, 5.0", needs: [], start: startOurBroker, flags: ["--protocol", "5", "--will-qos", "mix"] },
  { name: "mosquitto, 3.1.1", needs: [mosquitto], start: startMosquitto, flags: ["--protocol", "3.1.1"] },
  { name: "mosquitto, 5.0", needs: [mosquitto], start: startMosquitto, flags: ["--protocol", "5", "--will-qos", "2"] },
  { name: "aedes, 3.1.1", needs: [], start: startAedes, flags: ["--protocol", "3.1.1", "--will-qos", "1"] },
  { name: "aedes 2, 3.1.1", needs: [], start: startAedes2, flags: ["--protocol", "3.1.1", "--will-qos", "mix"] },
  { name: "nats-server, 3.1.1", needs: [nats], start: startNats, flags: ["--protocol", "3.1.1", "--will-qos", "1"] },
];

for (const { name, needs, start, flags } of runs) {
  peerTest(`a fleet on ${name}: each due will arrives once and on time`, needs, async () => {
    await using broker = await start();
    const report = await fleetOn(broker, [
      ...flags,
      ...["--clients", "60", "--kill-rate", "20%", "--duration", "3s", "--reconnect-after", "500ms"],
      ...["--kill-mode", "reset=45,close=45,leave=10"],
    ]);
    assert.equal(report.verdict, "pass");
    assert.ok(report.kills.total >= 20, `${report.kills.total} killed`);
    assert.ok(report.wills.expected > 0);
    assert.equal(report.wills.onTime, report.wills.expected);
    for (const fault of faults) assert.equal(report.wills[fault], 0, fault);
  });
}

for (
  const { name, needs, start } of [
    { name: "mqtt-sim broker", needs: [], start: startOurBroker },
    { name: "mosquitto", needs: [mosquitto], start: startMosquitto },
  ]
) {
  peerTest(`presence on ${name}: late subscribers find the correct states, byte for byte`, needs, async () => {
    await using broker = await start();
    const clients = 60;
    const { verdict, presence } = await fleetOn(broker, [
      ...["--presence", "--clients", String(clients), "--will-qos", "mix", "--protocol", "mix"],
      ...["--kill-rate", "20%", "--duration", "4s", "--reconnect-after", "500ms"],
      ...["--kill-mode", "reset=4,close=4,leave=2"],
    ]);
    assert.equal(verdict, "pass");
    const { middle, end, left } = presence!.byMoment;
    assert.equal(presence!.wrong, 0);
    // On a busy machine some may be undecided; each is counted.
    for (const look of [middle, end, left]) {
      assert.equal(look!.right + look!.eitherWay + look!.unsettled, clients);
    }
    assert.ok(end!.right > clients / 2 && left!.right > clients / 2, JSON.stringify(presence));
  });
}

/** Runs a fleet to its end and reads its report; the exit code equals the report's. */
async function fleetOn(broker: BrokerPeer, flags: readonly string[]): Promise<Report> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  try {
    await using fleet = startOurs(["fleet", "--url", broker.url, "--seed", "7", "--report", path, ...flags]);
    const { code } = await fleet.exit(45_000);
    const report: Report = JSON.parse((await Deno.readTextFile(path)) || "{}");
    assert.equal(code, 0, fleet.said);
    assert.equal(report.exitCode, code);
    return report;
  } finally {
    await Deno.remove(path);
  }
}
