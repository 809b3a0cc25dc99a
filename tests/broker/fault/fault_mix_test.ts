import assert from "node:assert/strict";
import { faultKinds, formatFaults, parseFaults } from "../../../src/broker/fault/fault_mix.ts";

Deno.test("faults: a parsed fault mix is written again unchanged", () => {
  const shares = parseFaults("lose=1%, delay=0.5%:1500ms,stall=10%", "--fault");
  assert.deepEqual(shares.map(({ kind, fraction, timeMs }) => [kind, fraction, timeMs]), [
    ["lose", 0.01, 2_000],
    ["delay", 0.005, 1_500],
    ["stall", 0.1, 2_000],
  ]);
  assert.equal(formatFaults(shares), "lose=1%,delay=0.5%:1500ms,stall=10%:2s");
  assert.equal(parseFaults(faultKinds.map((kind) => `${kind}=25%`).join(","), "--fault").length, 7);
});

const bad: readonly [text: string, sentence: RegExp][] = [
  ["", /expected shares such as lose=1%,delay=0\.5%:1500ms, of lose, duplicate, delay, .+ or invent$/],
  ["loose=1%", /expected shares such as/],
  ["lose=1", /expected shares such as/],
  ["lose=101%", /expected at most 100% for lose$/],
  ["lose=1%:2s", /expected lose without a time$/],
  ["delay=1%:2x", /Cannot read --fault, delay "2x": expected a duration/],
  ["lose=1%,lose=2%", /expected lose once$/],
  ["lose=60%,alter=60%", /expected lose, duplicate, delay and alter to sum to at most 100%$/],
];

for (const [text, message] of bad) {
  Deno.test(`faults: refuses ${JSON.stringify(text)}`, () =>
    assert.throws(() => parseFaults(text, "--fault"), { message }));
}
