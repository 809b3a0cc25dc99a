import assert from "node:assert/strict";
import { timelineKey, timelinePart, timelineText, timeScale } from "../../../../src/report/html/page/timeline_part.ts";

const life = { connectedMs: 1_000, killedMs: 5_000, dueMs: 13_000, seenMs: [13_000] };
const scale = timeScale([life]);
const outage = { downAtMs: 7_000, backAtMs: 9_000 };

Deno.test("timeline: has a band to scale while the broker is down, and says so", () => {
  const part = timelinePart(life, scale, [outage]).text;
  // The kill stands at 24%, the will 8 s later at 96%: 2 s are at 85% and 4 s at 90%, by their logarithms.
  assert.match(part, /<rect class="outage" x="84.9%" y="0" width="5.55%" height="100%"\/>/);
  assert.match(timelineText(life, [outage]), / · broker down from 7\.000 s to 9\.000 s$/);
  assert.equal(part.split("broker down from").length, 3, "in the picture's name, and below it");
});

Deno.test("timeline: has no band for an outage after the will or before the life", () => {
  for (const downAtMs of [0, 13_500]) {
    const other = timelinePart(life, scale, [{ downAtMs, backAtMs: downAtMs + 500 }]).text;
    assert.ok(!other.includes("outage") && !other.includes("broker down"), `${downAtMs}`);
  }
});

Deno.test("timeline: a life that ended with the broker and left no will has a band from its end", () => {
  const lost = { connectedMs: 1_000, killedMs: 7_000, dueMs: 7_000, seenMs: [] };
  assert.match(timelinePart(lost, timeScale([lost]), [outage]).text, /<rect class="outage" x="24%" y="0" width="76%"/);
});

Deno.test("timeline: two lives of one list have one scale", () => {
  const quick = { killedMs: 0, dueMs: 0, seenMs: [2] };
  const slow = { killedMs: 0, dueMs: 0, seenMs: [2_000] };
  const placeOf = (each: typeof quick, scaled: readonly (typeof quick)[]) =>
    Number(/x="([\d.]+)%"[^>]*>\s*<path class="seen"/.exec(timelinePart(each, timeScale(scaled)).text)![1]);
  assert.ok(placeOf(quick, [quick, slow]) < 40);
  assert.equal(placeOf(slow, [quick, slow]), 96);
});

Deno.test("timeline: the key has the band if a timeline has it", () => {
  assert.ok(timelineKey([outage]).text.replaceAll(/\s+/g, " ").includes("broker down"));
  assert.ok(!timelineKey().text.includes("outage"));
});
