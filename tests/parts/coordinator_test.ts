/** The coordinator of a run in parts: its states, and the sentence of each way in which a run ends early. */
import assert from "node:assert/strict";
import { Coordinator } from "../../src/parts/coordinator.ts";
import type { LostParts } from "../../src/parts/coordinator_host.ts";
import type { Beat, PartsTask, PartState, ToPart } from "../../src/parts/message.ts";
import { aPlan } from "../fleet/sample_life.ts";

const task: PartsTask = { plan: aPlan({}), url: "mqtt://b", epochMs: 0, thresholds: [], detail: false };
const limits = { gatherMs: 600_000, connectMs: 40_000, killMs: 90_000, silenceMs: 60_000, lateMs: 1_000 };

class Stage {
  nowMs = 0;
  readonly answers: [id: string, message: ToPart][] = [];
  readonly beats: Beat[] = [];
  readonly notices: string[] = [];
  readonly sought: number[] = [];
  readonly acts: number[] = [];
  readonly coordinator: Coordinator;

  constructor(parts = 2, allows?: (losses: LostParts) => boolean, steps = 0) {
    this.coordinator = new Coordinator({ parts, version: "1", task, limits, steps, ...allows && { allows } }, {
      act: (step) => this.acts.push(step),
      answer: (id, message) => this.answers.push([id, message]),
      beat: (beat) => this.beats.push(beat),
      notice: ({ text }) => this.notices.push(text),
      seek: (part) => this.sought.push(part),
    }, 0);
  }

  join(id: string, version = "1", confirm?: number): ToPart {
    const who = { id, host: `node-${id}`, pid: 7, version };
    this.coordinator.receive({ type: "join", who, ...confirm !== undefined && { confirm } }, this.nowMs);
    return this.answers.at(-1)![1];
  }

  status(
    id: string,
    part: number,
    state: PartState,
    more: { why?: string; lateMs?: number; step?: number } = {},
  ): void {
    this.coordinator.receive({ type: "status", id, part, state, ...more }, this.nowMs);
  }

  /** Time passes, while these parts report their state. */
  pass(ms: number, ...alive: readonly (readonly [id: string, part: number, state: PartState])[]): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs;) {
      this.nowMs += 250;
      for (const [id, part, state] of alive) this.status(id, part, state);
      this.coordinator.turn(this.nowMs);
    }
  }

  /** Two parts, up to a state. */
  upTo(state: "connect" | "kill"): this {
    for (const [id, part] of [["a", 1], ["b", 2]] as const) {
      this.join(id);
      this.status(id, part, "gathered");
    }
    this.pass(250);
    if (state === "connect") return this;
    this.pass(250, ["a", 1, "ready"], ["b", 2, "ready"]);
    return this;
  }

  get why(): string | undefined {
    return this.coordinator.end.why;
  }
}

Deno.test("coordinator: numbers go to the first processes, a spare waits, and the roster is final", () => {
  const stage = new Stage();
  assert.deepEqual([stage.join("a"), stage.join("a")].map((each) => "part" in each && each.part), [1, 1]);
  stage.join("b");
  assert.equal(stage.join("c").type, "wait");
  stage.status("b", 2, "gathered");
  stage.pass(11_000, ["b", 2, "gathered"]);
  assert.match(stage.notices.join("\n"), /part 1 of 2 \(node-a, process 7\) was silent for 10 s/);
  const seat = stage.join("c");
  assert.ok(seat.type === "seat" && seat.part === 1 && !seat.confirmed, "the spare has the free part");
  stage.status("a", 1, "gathered");
  assert.equal(stage.answers.at(-1)![1].type, "again", "a process that comes back joins again");
  stage.status("c", 1, "gathered");
  stage.pass(250);
  assert.equal(stage.coordinator.state, "connect");
  const confirmed = stage.join("c", "1", 1);
  assert.ok(confirmed.type === "seat" && confirmed.confirmed);
  const late = stage.join("a", "1", 1);
  assert.ok(late.type === "no" && late.exitCode === 0, JSON.stringify(late));
});

Deno.test("coordinator: too few parts", () => {
  const stage = new Stage();
  stage.join("a");
  stage.pass(600_000, ["a", 1, "gathered"]);
  assert.equal(
    stage.why,
    "1 of 2 parts came within 10 min: run mqtt-sim part on 1 more, or --parts 1",
  );
  assert.equal(stage.coordinator.state, "over");
  assert.equal(stage.beats.at(-1)!.why, stage.why);
});

Deno.test("coordinator: a part that does not fit its machine ends the run before any client connects", () => {
  const stage = new Stage();
  stage.join("a");
  stage.status("a", 1, "unfit", { why: "Cannot hold 10,000 clients" });
  assert.deepEqual(stage.coordinator.end, {
    why: "part 1 of 2 (node-a, process 7): Cannot hold 10,000 clients",
    usage: true,
  });
});

Deno.test("coordinator: a part of another version is refused, once with a warning", () => {
  const stage = new Stage();
  const answers = [stage.join("a", "0.2.0"), stage.join("a", "0.2.0")];
  assert.ok(answers.every((answer) => answer.type === "no" && answer.exitCode === 2));
  assert.deepEqual(stage.notices, ["the part on node-a is mqtt-sim 0.2.0, the coordinator is 1"]);
  stage.join("b");
  stage.pass(600_000, ["b", 1, "gathered"]);
  assert.equal(
    stage.why,
    "1 of 2 parts came within 10 min: run mqtt-sim part on 1 more, or --parts 1; 1 refused: the part on node-a is " +
      "mqtt-sim 0.2.0, the coordinator is 1",
  );
});

Deno.test("coordinator: the first kill is at least 2 s after the last part is ready", () => {
  const stage = new Stage().upTo("kill");
  assert.equal(stage.coordinator.state, "kill");
  const { killAtMs } = stage.beats.findLast(({ state }) => state === "kill")!;
  assert.ok(killAtMs! >= stage.nowMs + 1_750 && killAtMs! <= stage.nowMs + 2_000, `${killAtMs}`);
});

Deno.test("coordinator: a part that is lost while the fleet connects or is killed ends the run after its silence", () => {
  for (
    const [state, when] of [["connect", "while the fleet connected"], ["kill", "while the fleet was killed"]] as const
  ) {
    const stage = new Stage().upTo(state);
    const alive = ["a", 1, state === "connect" ? "ready" : "kill"] as const;
    stage.pass(16_000, alive);
    assert.ok(stage.notices.includes("part 2 of 2 (node-b, process 7) is silent for 15 s"), stage.notices.join("\n"));
    stage.pass(46_000, alive);
    // Connecting has its own limit, 40 s here.
    const silence = state === "connect" ? "40.3 s" : "60 s";
    assert.equal(stage.why, `part 2 of 2 (node-b, process 7) was lost ${when}: it was silent for ${silence}`);
  }
});

Deno.test("coordinator: a part that is heard, and has not connected its clients in time, is not called lost", () => {
  const stage = new Stage().upTo("connect");
  stage.pass(41_000, ["a", 1, "ready"], ["b", 2, "connect"]);
  assert.equal(stage.why, "the clients of part 2 of 2 (node-b, process 7) were not connected within 40 s");
});

Deno.test("coordinator: a part that was not heard for 3 s holds back the connects, and loses its number", () => {
  const stage = new Stage();
  stage.join("a");
  stage.status("a", 1, "gathered");
  stage.pass(3_250);
  stage.join("b");
  stage.pass(6_000, ["b", 2, "gathered"]);
  assert.equal(stage.coordinator.state, "gather");
  stage.pass(1_000, ["b", 2, "gathered"]);
  const seat = stage.join("c");
  assert.ok(seat.type === "seat" && seat.part === 1, JSON.stringify(seat));
  stage.pass(250, ["b", 2, "gathered"], ["c", 1, "gathered"]);
  assert.equal(stage.coordinator.state, "connect");
});

Deno.test("coordinator: a part that was cut off and left its report is not lost", () => {
  const stage = new Stage().upTo("kill");
  stage.pass(16_000, ["a", 1, "kill"]);
  assert.ok(stage.sought.includes(2), "it looks for the report of the silent part");
  stage.coordinator.found(2, stage.nowMs);
  stage.pass(60_000, ["a", 1, "kill"]);
  assert.equal(stage.coordinator.state, "kill");
  stage.pass(1_000, ["a", 1, "done"]);
  stage.coordinator.found(1, stage.nowMs);
  stage.pass(250);
  assert.deepEqual([stage.coordinator.state, stage.coordinator.end], ["over", {}]);
});

Deno.test("coordinator: a part that is asked to end, or that ends before the kills, ends the run at once", () => {
  const asked = new Stage().upTo("kill");
  asked.status("b", 2, "failed", { why: "it was asked to end" });
  assert.equal(asked.why, "part 2 of 2 (node-b, process 7) ended early: it was asked to end");
  const early = new Stage().upTo("connect");
  early.status("a", 1, "done", { why: "Cannot reach mqtt://b" });
  assert.match(early.why!, /^part 1 of 2 .* ended before its clients were connected: Cannot reach mqtt:\/\/b$/);
});

Deno.test("coordinator: a part that begins to kill later than a late will makes the run void", () => {
  const stage = new Stage().upTo("kill");
  stage.status("a", 1, "done", { lateMs: 1_250 });
  stage.status("b", 2, "done", { lateMs: 0 });
  for (const part of [1, 2]) stage.coordinator.found(part, stage.nowMs);
  stage.pass(250);
  assert.equal(stage.why, "part 1 of 2 (node-a, process 7) began to kill 1,250 ms after the others");
});

Deno.test("coordinator: a part that begins to kill over 250 ms late causes one warning, and no void run", () => {
  const stage = new Stage().upTo("kill");
  stage.status("a", 1, "kill", { lateMs: 240 });
  assert.deepEqual(stage.notices.filter((text) => text.includes("after the others")), []);
  for (const _ of [1, 2]) stage.status("b", 2, "kill", { lateMs: 412.4 });
  const late = ["part 2 of 2 (node-b, process 7) began to kill 412 ms after the others"];
  assert.deepEqual(stage.notices.filter((text) => text.includes("after the others")), late);
  for (const part of [1, 2]) stage.coordinator.found(part, stage.nowMs);
  stage.pass(250);
  assert.deepEqual([stage.coordinator.state, stage.why], ["over", undefined]);
});

Deno.test("coordinator: the silence of all parts names NATS and no part", () => {
  const stage = new Stage().upTo("kill");
  stage.pass(1_000, ["a", 1, "kill"], ["b", 2, "kill"]);
  stage.pass(750, ["b", 2, "kill"]);
  stage.pass(62_000);
  assert.equal(
    stage.why,
    "all parts were silent for 60 s while the fleet was killed: NATS is not reachable, or all parts were lost",
  );
});

Deno.test("coordinator: a run that ends early waits for reports, 15 s at most", () => {
  const stage = new Stage().upTo("kill");
  stage.coordinator.abort("interrupted", stage.nowMs);
  stage.pass(5_000, ["a", 1, "kill"], ["b", 2, "kill"]);
  assert.equal(stage.coordinator.state, "end");
  for (const part of [1, 2]) stage.coordinator.found(part, stage.nowMs);
  stage.pass(250);
  assert.equal(stage.coordinator.state, "over");
  const slow = new Stage().upTo("kill");
  slow.coordinator.abort("interrupted", slow.nowMs);
  slow.pass(15_250, ["a", 1, "kill"], ["b", 2, "kill"]);
  assert.equal(slow.coordinator.state, "over");
});

Deno.test("coordinator: with a threshold on lost parts, the run goes on without a silent part", () => {
  const stage = new Stage(2, ({ voids, lost }) => voids === 0 && lost <= 1).upTo("kill");
  stage.pass(61_000, ["a", 1, "kill"]);
  assert.deepEqual([stage.coordinator.state, stage.why], ["kill", undefined]);
  const lost = "part 2 of 2 (node-b, process 7) was lost while the fleet was killed: it was silent for 60 s";
  assert.deepEqual(stage.notices.filter((text) => text.includes("lost")), [`${lost}; the run goes on without it`]);
  stage.status("a", 1, "done");
  stage.coordinator.found(1, stage.nowMs);
  stage.pass(250);
  assert.deepEqual([stage.coordinator.state, stage.coordinator.end], ["over", {}]);
});

Deno.test("coordinator: with a threshold on void parts, the run goes on without one that is asked to end or is late", () => {
  const allowed: LostParts[] = [];
  const stage = new Stage(2, (losses) => allowed.push(losses) > 0 && losses.voids <= 1 && losses.lost === 0).upTo(
    "kill",
  );
  stage.status("b", 2, "failed", { why: "it was asked to end" });
  assert.deepEqual([stage.coordinator.state, stage.why], ["kill", undefined]);
  assert.deepEqual(allowed, [{ voids: 1, lost: 0 }]);
  stage.pass(1_250, ["a", 1, "kill"], ["b", 2, "failed"]);
  assert.ok(stage.sought.includes(2), "its report is of use");
  stage.status("a", 1, "done", { lateMs: 0 });
  for (const part of [1, 2]) stage.coordinator.found(part, stage.nowMs);
  stage.pass(250);
  assert.deepEqual([stage.coordinator.state, stage.coordinator.end], ["over", {}]);
  const late = new Stage(2, ({ voids }) => voids <= 1).upTo("kill");
  late.status("a", 1, "done", { lateMs: 1_250 });
  late.status("b", 2, "done", { lateMs: 0 });
  for (const part of [1, 2]) late.coordinator.found(part, late.nowMs);
  late.pass(250);
  assert.deepEqual([late.coordinator.state, late.coordinator.end], ["over", {}]);
});

Deno.test("coordinator: it restarts the broker once for all parts, when each waits for it", () => {
  const stage = new Stage(2, undefined, 2).upTo("kill");
  stage.status("a", 1, "kill", { step: 0 });
  stage.pass(2_000, ["a", 1, "kill"], ["b", 2, "kill"]);
  assert.deepEqual(stage.acts, [], "a part still kills clients");
  stage.status("b", 2, "kill", { step: 0 });
  stage.pass(2_000, ["a", 1, "kill"], ["b", 2, "kill"]);
  assert.deepEqual(stage.acts, [0]);
  stage.status("a", 1, "kill", { step: 1 });
  stage.status("b", 2, "kill", { step: 1 });
  stage.pass(250);
  assert.deepEqual(stage.acts, [0], "the first action is under way");
  stage.coordinator.acted({ step: 0, fromMs: 17, commandMs: 3 });
  stage.pass(250);
  assert.deepEqual([stage.acts, stage.beats.at(-1)!.done], [[0, 1], { step: 0, fromMs: 17, commandMs: 3 }]);
});

Deno.test("coordinator: a part that has ended is not waited for before a restart, and one that is silent is", () => {
  const stage = new Stage(2, undefined, 1).upTo("kill");
  stage.status("a", 1, "kill", { step: 0 });
  stage.pass(30_000, ["a", 1, "kill"]);
  assert.deepEqual(stage.acts, []);
  stage.status("b", 2, "done");
  stage.pass(250, ["a", 1, "kill"]);
  assert.deepEqual(stage.acts, [0]);
});
