/**
 * `mqtt-sim fleet` on `mqtt-sim broker --fault …` in two processes: for each fault the oracle counts as many wrong
 * wills as the broker's metrics.
 */
import assert from "node:assert/strict";
import { startOurs } from "../support/brokers/peers.ts";

const faults = ["late", "early", "missing", "duplicate", "unwanted", "altered"] as const;
type Fault = (typeof faults)[number];

interface Report {
  readonly verdict: string;
  readonly reason: string;
  readonly wills: Readonly<Record<"expected" | "onTime" | Fault, number>>;
}

const cases: readonly {
  readonly kind: string;
  readonly mix: string;
  readonly verdict: Fault;
  readonly flags?: string;
}[] = [
  { kind: "lose", mix: "lose=20%", verdict: "missing" },
  { kind: "duplicate", mix: "duplicate=20%", verdict: "duplicate" },
  { kind: "delay", mix: "delay=20%:2500ms", verdict: "late" },
  { kind: "alter", mix: "alter=20%", verdict: "altered" },
  { kind: "stall", mix: "stall=10%:2500ms", verdict: "late" },
  {
    kind: "hurry",
    mix: "hurry=20%",
    verdict: "early",
    flags: "--will-delay 2s --session-expiry 60s --reconnect-after 4s",
  },
  { kind: "invent", mix: "invent=20%", verdict: "unwanted", flags: "--kill-mode reset=1,leave=4" },
];

for (const { kind, mix, verdict, flags = "" } of cases) {
  Deno.test(`--fault ${mix}: the oracle counts as many faults as the broker`, async () => {
    const command = `broker --port 0 --metrics 0 --fault ${mix} --fault-seed 7 --fault-clients -[0-9]{1,2}$`;
    await using broker = startOurs(command.split(" "));
    const [, url] = await broker.line(/listening on (\S+)/);
    const [, metricsUrl] = await broker.line(/metrics on (\S+)\/metrics/);
    const { verdict: said, reason, wills } = await fleetOn(url!, flags);
    const { [kind]: done } = (await statusOf(metricsUrl!)).wills.faultsByKind;
    assert.equal(said, "fail", reason);
    assert.ok(done! > 5, `only ${done} wills were struck`);
    for (const fault of faults.filter((each) => each !== verdict)) assert.equal(wills[fault], 0, fault);
    // A will that was held in the last second of a stall is on time.
    if (kind === "stall") assert.ok(wills.late > 0 && wills.late <= done!, `${wills.late} late, ${done} held back`);
    else assert.equal(wills[verdict], done);
  });
}

async function statusOf(metricsUrl: string): Promise<{ wills: { faultsByKind: Record<string, number> } }> {
  return await (await fetch(`${metricsUrl}/status`)).json();
}

/** Runs a fleet to its end and reads its report. */
async function fleetOn(url: string, flags: string): Promise<Report> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const usual = "--seed 7 --protocol 5 --clients 80 --kill-rate 40% --duration 4s --drain 4s --late-after 1s";
  const args = `fleet --url ${url} --report ${path} ${usual} ${flags || "--kill-mode reset=1,close=1"}`;
  try {
    await using fleet = startOurs(args.split(" "));
    const { code } = await fleet.exit(60_000);
    assert.equal(code, 1, fleet.said);
    return JSON.parse(await Deno.readTextFile(path));
  } finally {
    await Deno.remove(path);
  }
}
