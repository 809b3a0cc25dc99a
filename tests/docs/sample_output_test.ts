/** The commands and the sample of output in the README: the sample equals the output of the fleet with that seed. */
import assert from "node:assert/strict";
import { makeReport } from "../../src/report/model/report.ts";
import { reportText } from "../../src/report/terminal/text.ts";
import { latency } from "../report/sample.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";
import { blocksOf } from "./doc_page.ts";

Deno.test("README: the sample of output is the report of its command", () => {
  const sample = blocksOf("README.md").find(({ language }) => language === "console")!.text.split("\n");
  const [, clients, percent, seed] = /--clients (\d+) --kill-rate (\d+)% --seed (\d+)$/.exec(sample[0]!)!;
  const killRate = { kind: "fraction", perSecond: Number(percent) / 100 } as const;
  const result = simulateFleet({ plan: { clients: Number(clients), killRate, seed: Number(seed) } });
  const tool = { name: "mqtt-sim", version: "1.2.3" } as const;
  const measured = { ...result, floorMs: latency(200, 0.06, 0), engine: "epoll" } as const;
  const report = makeReport(measured, { tool, embedded: true, program: "mqtt-sim" });
  const printed = withoutTimes(reportText(report));
  const parts = sample.slice(1).join("\n").split("⋮").map(withoutTimes);
  assert.deepEqual(parts.filter((part) => !printed.includes(part)), []);
  assert.ok(parts.some((part) => part.includes("broker alone ")), "the sample has both latencies");
});

/** A text on one line without its times, which differ from run to run. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\d.,]+ (?:ms|s)\b/g, "TIME").trim();
}

Deno.test("README: two commands of the quick start run a fleet and the tests", () => {
  const commands = blocksOf("README.md").find(({ language }) => language === "sh")!.text.trim().split("\n");
  assert.deepEqual(commands, [
    "npx -y deno@2.9.6 task mqtt-sim fleet --clients 1000 --kill-rate 5%",
    "npx -y deno@2.9.6 task test",
  ]);
});
