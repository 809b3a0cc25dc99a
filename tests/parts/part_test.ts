/** One part of a run: how its process ends. */
import assert from "node:assert/strict";
import type { Beat, PartsTask, ToCoordinator } from "../../src/parts/message.ts";
import { Part } from "../../src/parts/part.ts";
import { aPlan } from "../fleet/sample_life.ts";

const task: PartsTask = { plan: aPlan({}), url: "mqtt://b", epochMs: 0, thresholds: [], detail: false };

class Stage {
  nowMs = 0;
  readonly sent: ToCoordinator[] = [];
  readonly acts: string[] = [];
  readonly part: Part;

  constructor() {
    const act = (name: string) => () => void this.acts.push(name);
    this.part = new Part({ id: "a", host: "node-a", pid: 7, version: "1" }, {
      send: (message) => this.sent.push(message),
      ...{
        check: act("check"),
        run: act("run"),
        go: act("go"),
        acted: act("acted"),
        interrupt: act("interrupt"),
        save: act("save"),
      },
    }, 0);
  }

  /** The part has its number and connects. */
  connects(): this {
    this.part.receive({ type: "seat", part: 1, of: 2, task, confirmed: false }, this.nowMs);
    this.part.checked(undefined, this.nowMs);
    this.part.beat({ state: "connect" }, this.nowMs);
    this.part.receive({ type: "seat", part: 1, of: 2, task, confirmed: true }, this.nowMs);
    return this;
  }

  /** The first kill is due 2 s after the last connect; the part may receive the order later. */
  kills(lateMs = 0): this {
    const killAtMs = this.nowMs + 2_000;
    this.part.connected(this.nowMs);
    this.part.receive({ type: "pong", ping: 0, sentMs: this.nowMs, atMs: this.nowMs }, this.nowMs);
    if (lateMs > 0) this.nowMs = killAtMs + lateMs;
    this.part.beat({ state: "kill", killAtMs }, this.nowMs);
    this.pass(20);
    return this;
  }

  pass(ms: number, beat?: Beat): this {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs;) {
      this.nowMs += 20;
      if (beat !== undefined) this.part.beat(beat, this.nowMs);
      this.part.turn(this.nowMs);
    }
    return this;
  }
}

Deno.test("part: it exits with 0 once its whole report is stored", () => {
  const { part, ...stage } = new Stage().connects().kills();
  part.finished("no will was due", stage.nowMs);
  part.saved(true, stage.nowMs);
  part.receive({ type: "kept" }, stage.nowMs);
  assert.deepEqual(part.end, { exitCode: 0, text: "the report is stored" });
});

Deno.test("part: it exits with 3 where its fleet ended before the kills, though the report is stored", () => {
  const { part, nowMs } = new Stage().connects();
  part.finished("cannot reach mqtt://b: connection refused", nowMs);
  part.saved(true, nowMs);
  part.receive({ type: "kept" }, nowMs);
  assert.deepEqual(part.end, { exitCode: 3, text: "cannot reach mqtt://b: connection refused" });
});

Deno.test("part: without a store for 5 min it exits with 3 and names report merge", () => {
  const stage = new Stage().connects().kills();
  stage.part.finished(undefined, stage.nowMs);
  for (let each = 0; each < 150; each++) {
    stage.part.saved(false, stage.nowMs);
    assert.equal(stage.part.end, undefined);
    stage.pass(2_000);
  }
  stage.part.saved(false, stage.nowMs);
  assert.deepEqual(stage.part.end, {
    exitCode: 3,
    text:
      "the report could not be stored within 5 min: join the files of --report of all parts by mqtt-sim report merge",
  });
});

Deno.test("part: 60 s after the last word of the coordinator it ends its clients before the kills, and not after", () => {
  const before = new Stage().connects().pass(59_980);
  assert.equal(before.acts.includes("interrupt"), false);
  assert.ok(before.pass(20).acts.includes("interrupt"));
  before.part.finished(undefined, before.nowMs);
  before.part.saved(true, before.nowMs);
  before.pass(10_000);
  assert.deepEqual(before.part.end, { exitCode: 3, text: "the coordinator was silent for 60 s" });
  const after = new Stage().connects().kills().pass(600_000);
  assert.equal(after.acts.includes("interrupt"), false);
});

Deno.test("part: it reports how late it received the order to kill", () => {
  const stage = new Stage().connects().kills(1_500);
  assert.ok(Math.abs(stage.part.lateMs! - 1_520) <= 20, `${stage.part.lateMs}`);
});
