import assert from "node:assert/strict";
import { parseFaults, type SeededFaultKind } from "../../../src/broker/fault/fault_mix.ts";
import { SeededFault } from "../../../src/broker/fault/seeded_fault.ts";
import { aWill, bytesOf, Stage, textOf } from "../stage.ts";
import { eachCase } from "../../support/steps.ts";

const asked = (clientId: string) => ({ clientId, will: aWill(), ending: { kind: "link-end" } as const });

/** The faults of 1,000 wills, in order. */
function faultsOf(mix: string, seed: number, clients?: RegExp): (SeededFaultKind | undefined)[] {
  const injected: SeededFaultKind[] = [];
  const fault = new SeededFault({
    shares: parseFaults(mix, "mix"),
    seed,
    clients,
    onStrike: (kind) => injected.push(kind),
  });
  return Array.from({ length: 1_000 }, (_, number) => {
    const before = injected.length;
    fault.atPublication(asked(`c${number}`), number);
    return injected.length > before ? injected.at(-1) : undefined;
  });
}

Deno.test("faults: one seed draws the same faults again, and another seed draws others", () => {
  const mix = "lose=10%,duplicate=10%,delay=10%,alter=10%";
  assert.deepEqual(faultsOf(mix, 7), faultsOf(mix, 7));
  assert.notDeepEqual(faultsOf(mix, 7), faultsOf(mix, 8));
});

Deno.test("faults: each kind affects about its configured share, and each will at most once", () => {
  const drawn = faultsOf("lose=10%,alter=30%", 1);
  const share = (kind: SeededFaultKind) => drawn.filter((each) => each === kind).length;
  assert.ok(Math.abs(share("lose") - 100) < 40, `lose ${share("lose")}`);
  assert.ok(Math.abs(share("alter") - 300) < 60, `alter ${share("alter")}`);
});

Deno.test("faults: affect only clients that match the filter", () => {
  const drawn = faultsOf("lose=100%", 1, /^c[0-9]$/);
  assert.equal(drawn.filter((kind) => kind === "lose").length, 10);
});

Deno.test("faults: are counted by kind", () => {
  const fault = new SeededFault({ shares: parseFaults("invent=100%,hurry=100%,duplicate=100%", "mix"), seed: 1 });
  fault.atRelease(asked("a"), "discard");
  fault.atRelease(asked("a"), "delay");
  assert.equal(fault.atPublication(asked("a"), 0)!.length, 2);
  assert.deepEqual(fault.counts, { invent: 1, hurry: 1, duplicate: 1 });
  assert.equal(fault.description, "invent=100%,hurry=100%,duplicate=100%, seed 1");
});

Deno.test("faults: a stall holds all wills until it ends, then releases all of them", () => {
  const willFault = new SeededFault({ shares: parseFaults("stall=100%:500ms", "mix"), seed: 1 });
  const stage = new Stage({ willFault });
  const watcher = stage.watch();
  for (const clientId of ["a", "b", "c"]) {
    stage.connect({ clientId, will: aWill({ payload: bytesOf(clientId) }) }).die();
    stage.advance(100);
  }
  assert.deepEqual(watcher.messages, []);
  stage.advance(200);
  assert.deepEqual(watcher.messages, ["will a", "will b", "will c"]);
  assert.deepEqual(watcher.messageTimes, [500, 500, 500]);
  assert.deepEqual(stage.core.metrics.snapshot().wills.faultsByKind, { stall: 3 });
});

Deno.test("faults: an altered will differs from the original, also when the payload is empty", async (t) => {
  const willFault = new SeededFault({ shares: parseFaults("alter=100%", "mix"), seed: 1 });
  await eachCase(t, ["gone", ""], (text) => {
    const [copy, ...more] = willFault.atPublication({ ...asked("a"), will: aWill({ payload: bytesOf(text) }) }, 0)!;
    assert.deepEqual(more, []);
    assert.notDeepEqual(textOf(copy!.will.payload), text);
  });
});
