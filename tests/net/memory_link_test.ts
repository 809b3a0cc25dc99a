/** Memory links fulfil the contract of `Link`; the scheduler decides when each callback runs. */
import assert from "node:assert/strict";
import { highWaterBytes, type LinkEnd, type LinkReceiver } from "../../src/net/link.ts";
import { type MemoryLink, memoryLinkPair } from "../../src/net/memory_link.ts";

/** Two links, the callbacks of each receiver, and the pending tasks. */
class Pair {
  readonly tasks: (() => void)[] = [];
  readonly near: MemoryLink;
  readonly far: MemoryLink;
  readonly calls: Record<"near" | "far", (number[] | "drain" | LinkEnd["kind"])[]> = { near: [], far: [] };
  /** True during the test's call of a link's method. */
  calling = false;

  constructor() {
    [this.near, this.far] = memoryLinkPair((task) => this.tasks.push(task));
    this.near.receiver = this.#receiver("near");
    this.far.receiver = this.#receiver("far");
  }

  run(): this {
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) task();
    return this;
  }

  /** Calls a method; no callback may run within it. */
  call(method: () => void): this {
    this.calling = true;
    method();
    this.calling = false;
    return this;
  }

  #receiver(name: "near" | "far"): LinkReceiver {
    const note = (what: number[] | "drain" | LinkEnd["kind"]) => {
      assert.equal(this.calling, false, "a link does not call while one of its own methods runs");
      this.calls[name].push(what);
    };
    return {
      onBytes: (bytes) => note([...bytes]),
      onDrain: () => note("drain"),
      onEnd: ({ kind }) => note(kind),
    };
  }
}

Deno.test("memory link: delivers bytes in order in both directions, in turns of the scheduler", () => {
  const pair = new Pair();
  pair.near.write(Uint8Array.of(1));
  pair.far.write(Uint8Array.of(9));
  pair.near.write(Uint8Array.of(2, 3));
  assert.deepEqual(pair.calls, { near: [], far: [] });
  pair.run();
  assert.deepEqual(pair.calls, { near: [[9]], far: [[1], [2, 3]] });
});

const ends: readonly [how: "end" | "reset", seen: LinkEnd["kind"]][] = [["end", "fin"], ["reset", "reset"]];
for (const [how, seen] of ends) {
  Deno.test(`memory link: ${how} is ${seen} to the peer and closed to its caller, once each`, () => {
    const pair = new Pair();
    pair.near.write(Uint8Array.of(1));
    pair.call(() => pair.near[how]());
    assert.equal(pair.near.open, false);
    pair.call(() => pair.near.end()).call(() => pair.near.reset());
    pair.run().call(() => pair.far.end()).run();
    assert.deepEqual(pair.calls.near, ["closed"]);
    assert.deepEqual(pair.calls.far.at(-1), seen);
    assert.equal(pair.calls.far.filter((what) => typeof what === "string").length, 1);
    assert.equal(pair.far.open, false);
  });
}

Deno.test("memory link: bytes written before end arrive, bytes written after it are dropped", () => {
  const pair = new Pair();
  pair.near.write(Uint8Array.of(1));
  pair.near.end();
  assert.equal(pair.near.write(Uint8Array.of(2)), true);
  pair.run();
  assert.deepEqual(pair.calls.far, [[1], "fin"]);
});

Deno.test("memory link: receives nothing after its own end", () => {
  const pair = new Pair();
  pair.far.write(Uint8Array.of(1));
  pair.near.end();
  pair.run();
  assert.deepEqual(pair.calls.near, ["closed"]);
});

Deno.test("memory link: above the high-water mark write returns false, and one drain follows when all bytes have left", () => {
  const pair = new Pair();
  assert.equal(pair.near.write(new Uint8Array(highWaterBytes)), true);
  assert.equal(pair.near.write(Uint8Array.of(1)), false);
  assert.equal(pair.near.bufferedBytes, highWaterBytes + 1);
  pair.run();
  assert.deepEqual({ bufferedBytes: pair.near.bufferedBytes, near: pair.calls.near }, {
    bufferedBytes: 0,
    near: ["drain"],
  });
});

Deno.test("memory link: there is no drain without a full link, and none after the end", () => {
  const pair = new Pair();
  pair.near.write(new Uint8Array(highWaterBytes));
  pair.run();
  assert.deepEqual(pair.calls.near, []);
  pair.near.write(new Uint8Array(highWaterBytes + 1));
  pair.near.end();
  pair.run();
  assert.deepEqual(pair.calls.near, ["closed"]);
});

Deno.test("memory link: a paused link receives nothing; after resume all bytes arrive in order", () => {
  const pair = new Pair();
  pair.call(() => pair.far.pause());
  for (const byte of [1, 2]) pair.near.write(Uint8Array.of(byte));
  pair.run();
  assert.deepEqual({ far: pair.calls.far, bufferedBytes: pair.near.bufferedBytes }, { far: [], bufferedBytes: 2 });
  pair.near.write(Uint8Array.of(3));
  pair.call(() => pair.far.resume()).run();
  assert.deepEqual({ far: pair.calls.far, bufferedBytes: pair.near.bufferedBytes }, {
    far: [[1], [2], [3]],
    bufferedBytes: 0,
  });
});

Deno.test("memory link: a pause during catch-up holds the rest, and later bytes do not overtake it", () => {
  const pair = new Pair();
  pair.far.pause();
  for (const byte of [1, 2, 3]) pair.near.write(Uint8Array.of(byte));
  pair.near.end();
  pair.run();
  const { receiver } = pair.far;
  pair.far.receiver = { ...receiver, onBytes: (bytes) => (receiver.onBytes(bytes), pair.far.pause()) };
  pair.far.resume();
  pair.run();
  assert.deepEqual(pair.calls.far, [[1]]);
  pair.far.receiver = receiver;
  pair.far.resume();
  pair.run();
  assert.deepEqual(pair.calls.far, [[1], [2], [3], "fin"]);
});

for (const [how, seen] of ends) {
  Deno.test(`memory link: the peer's ${how} is unseen during a pause, the own one is seen at once`, () => {
    const pair = new Pair();
    pair.far.pause();
    pair.near[how]();
    pair.run();
    assert.deepEqual({ far: pair.calls.far, open: pair.far.open }, { far: [], open: true });
    pair.far.resume();
    pair.run();
    assert.deepEqual(pair.calls.far, [seen]);
    const other = new Pair();
    other.far.pause();
    other.far[how]();
    other.run();
    assert.deepEqual(other.calls, { near: [seen], far: ["closed"] });
  });
}

Deno.test("memory link: a paused peer with a full buffer holds the writer back until it resumes", () => {
  const pair = new Pair();
  pair.far.pause();
  assert.equal(pair.near.write(new Uint8Array(highWaterBytes + 1)), false);
  pair.run();
  assert.deepEqual(pair.calls.near, []);
  pair.far.resume();
  pair.run();
  assert.deepEqual(pair.calls.near, ["drain"]);
});

Deno.test("memory link: a new receiver gets each later call", () => {
  const pair = new Pair();
  pair.near.write(Uint8Array.of(1));
  pair.run();
  const seen: number[] = [];
  pair.far.receiver = { onBytes: (bytes) => seen.push(...bytes), onDrain() {}, onEnd() {} };
  pair.near.write(Uint8Array.of(2));
  pair.run();
  assert.deepEqual({ far: pair.calls.far, seen }, { far: [[1]], seen: [2] });
});
