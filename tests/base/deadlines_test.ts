import assert from "node:assert/strict";
import fc from "fast-check";
import { type Deadline, Deadlines } from "../../src/base/deadlines.ts";

Deno.test("deadlines: an empty set is never due", () => {
  const deadlines = new Deadlines<string>();
  assert.equal(deadlines.size, 0);
  assert.equal(deadlines.nextMs, Infinity);
  assert.equal(deadlines.takeDue(Infinity), undefined);
});

Deno.test("deadlines: an entry is due at its time, not before", () => {
  const deadlines = new Deadlines<string>();
  deadlines.add(10, "will");
  assert.equal(deadlines.nextMs, 10);
  assert.equal(deadlines.takeDue(9.999), undefined);
  assert.equal(deadlines.takeDue(10), "will");
  assert.equal(deadlines.takeDue(10), undefined);
});

Deno.test("deadlines: equal times come out in the order of their addition", () => {
  const deadlines = new Deadlines<number>();
  for (let value = 0; value < 100; value++) deadlines.add(5, value);
  assert.deepEqual(drain(deadlines, 5), Array.from({ length: 100 }, (_, value) => value));
});

Deno.test("deadlines: a moved entry comes after those with an equal time", () => {
  const deadlines = new Deadlines<string>();
  const first = deadlines.add(5, "first");
  deadlines.add(5, "second");
  deadlines.move(first, 5);
  assert.deepEqual(drain(deadlines, 5), ["second", "first"]);
});

Deno.test("deadlines: a cancelled entry never falls due, and a second cancel has no effect", () => {
  const deadlines = new Deadlines<string>();
  const gone = deadlines.add(1, "gone");
  deadlines.add(2, "stays");
  deadlines.cancel(gone);
  deadlines.cancel(gone);
  assert.equal(gone.pending, false);
  assert.equal(deadlines.size, 1);
  assert.deepEqual(drain(deadlines, 10), ["stays"]);
});

Deno.test("deadlines: a taken entry can be moved back in", () => {
  const deadlines = new Deadlines<string>();
  const deadline = deadlines.add(1, "tick");
  assert.equal(deadlines.takeDue(1), "tick");
  assert.equal(deadline.pending, false);
  deadlines.move(deadline, 2);
  assert.equal(deadline.pending, true);
  assert.equal(deadline.atMs, 2);
  assert.deepEqual(drain(deadlines, 2), ["tick"]);
});

// Few instants make many deadlines equal; many instants exercise every path of the heap.
for (const instants of [12, 10_000]) {
  Deno.test(`deadlines: any sequence of add, move, cancel and take matches a sorted list, ${instants} times`, () => {
    fc.assert(fc.property(steps(instants), agreeThroughout), { numRuns: 500 });
  });
}

type Step =
  | { readonly do: "add" | "take"; readonly atMs: number }
  | { readonly do: "move"; readonly atMs: number; readonly which: number }
  | { readonly do: "cancel"; readonly which: number };

function steps(instants: number): fc.Arbitrary<Step[]> {
  const atMs = fc.integer({ min: 0, max: instants });
  const which = fc.nat(60);
  const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("add" as const), atMs }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("move" as const), atMs, which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("take" as const), atMs }) },
  );
  return fc.array(step, { maxLength: 120, size: "max" });
}

function agreeThroughout(steps: readonly Step[]): void {
  const pair = new Pair();
  for (const step of steps) {
    if (step.do === "add") pair.add(step.atMs);
    else if (step.do === "move") pair.move(step.which, step.atMs);
    else if (step.do === "cancel") pair.cancel(step.which);
    else pair.take(step.atMs);
    pair.agree();
  }
  pair.drain();
}

/** Compares the deadlines with a reference: a list that is sorted before each query. */
class Pair {
  readonly #deadlines = new Deadlines<number>();
  readonly #held: Deadline<number>[] = [];
  #model: { value: number; atMs: number; order: number }[] = [];
  #order = 0;

  add(atMs: number): void {
    const value = this.#held.length;
    this.#held.push(this.#deadlines.add(atMs, value));
    this.#model.push({ value, atMs, order: this.#order++ });
  }

  move(which: number, atMs: number): void {
    const deadline = this.#held[which];
    if (deadline === undefined) return;
    this.#deadlines.move(deadline, atMs);
    this.#forget(which);
    this.#model.push({ value: which, atMs, order: this.#order++ });
  }

  cancel(which: number): void {
    const deadline = this.#held[which];
    if (deadline === undefined) return;
    this.#deadlines.cancel(deadline);
    this.#forget(which);
  }

  take(nowMs: number): number | undefined {
    const first = this.#sorted()[0];
    const due = first !== undefined && first.atMs <= nowMs ? first.value : undefined;
    assert.equal(this.#deadlines.takeDue(nowMs), due);
    if (due !== undefined) this.#forget(due);
    return due;
  }

  drain(): void {
    while (this.take(Infinity) !== undefined) this.agree();
    assert.equal(this.#deadlines.size, 0);
  }

  agree(): void {
    assert.equal(this.#deadlines.size, this.#model.length);
    assert.equal(this.#deadlines.nextMs, this.#sorted()[0]?.atMs ?? Infinity);
    const waiting = new Set(this.#model.map((each) => each.value));
    for (const deadline of this.#held) assert.equal(deadline.pending, waiting.has(deadline.value));
  }

  #sorted() {
    return this.#model.toSorted((one, other) => one.atMs - other.atMs || one.order - other.order);
  }

  #forget(value: number): void {
    this.#model = this.#model.filter((each) => each.value !== value);
  }
}

function drain<T>(deadlines: Deadlines<T>, nowMs: number): T[] {
  const taken: T[] = [];
  for (let value = deadlines.takeDue(nowMs); value !== undefined; value = deadlines.takeDue(nowMs)) taken.push(value);
  return taken;
}
