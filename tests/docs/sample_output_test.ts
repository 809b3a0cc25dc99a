/** The commands and the sample of output in the README: the sample equals the output of the fleet with that seed. */
import assert from "node:assert/strict";
import { makeReport } from "../../src/report/model/report.ts";
import { reportText } from "../../src/report/terminal/text.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";
import { blocksOf } from "./doc_page.ts";

Deno.test("README: the sample of output is the report of its command", () => {
  const sample = blocksOf("README.md").find(({ language }) => language === "console")!.text.split("\n");
  const [, clients, percent, seed] = /--clients (\d+) --kill-rate (\d+)% --seed (\d+)$/.exec(sample[0]!)!;
  const killRate = { kind: "fraction", perSecond: Number(percent) / 100 } as const;
  const result = simulateFleet({ plan: { clients: Number(clients), killRate, seed: Number(seed) } });
  const tool = { name: "mqtt-sim", version: "1.2.3" } as const;
  const report = makeReport(result, { tool, embedded: true, program: "mqtt-sim" });
  const printed = new Set(reportText(report).split("\n"));
  assert.deepEqual(sample.slice(1).filter((line) => line !== "⋮" && !printed.has(line)), []);
});

Deno.test("README: two commands of the quick start run a fleet and the tests", () => {
  const commands = blocksOf("README.md").find(({ language }) => language === "sh")!.text.trim().split("\n");
  assert.deepEqual(commands, [
    "npx -y deno@2.9.6 task mqtt-sim fleet --clients 1000 --kill-rate 5%",
    "npx -y deno@2.9.6 task test",
  ]);
});
