/** The ledger: it judges and counts each life once, for any order of lives and wills. */
import { Groups } from "../../../src/fleet/plan/groups.ts";
import assert from "node:assert/strict";
import { Ledger } from "../../../src/fleet/ledger/ledger.ts";
import type { Life, LifeEnd } from "../../../src/fleet/life/life.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { faultsIn, type WillCounts } from "../../../src/fleet/result/will_counts.ts";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import { aLife, anEnd, aNext, aPlan, killDueMs, killMs } from "../sample_life.ts";
import { aWill, watcher5 } from "../sample_will.ts";

/** A ledger with methods that record lives and wills. */
class Books {
  readonly plan;
  readonly ledger: Ledger;

  constructor(request: Partial<PlanRequest> = {}) {
    this.plan = aPlan(request);
    this.ledger = new Ledger(this.plan, new Groups(this.plan, "5"));
  }

  begin(over: Partial<Life> = {}): Life {
    const life = aLife(over);
    this.ledger.begin(life);
    return life;
  }

  /** Records a life that began and was killed. */
  killed(over: Partial<Life> = {}, end: LifeEnd = anEnd("reset")): Life {
    const life = this.begin(over);
    this.end(life, end);
    return life;
  }

  end(life: Life, end: LifeEnd = anEnd("reset")): void {
    life.end = end;
    this.ledger.end(life);
  }

  see(life: Life, atMs: number, over: Partial<PublishPacket> = {}, copy = 0): Life | undefined {
    return this.ledger.arrive(aWill(this.plan, life, over), copy, watcher5, atMs);
  }

  /** The counts above 0, summed over all modes. */
  get counts(): Partial<WillCounts> {
    return Object.fromEntries(Object.entries(this.ledger.tally.total()).filter(([, count]) => count > 0));
  }

  closed(atMs = killMs + 60_000): Partial<WillCounts> {
    this.ledger.close(atMs);
    return this.counts;
  }
}

const altered = new TextEncoder().encode("what is this?");

const stories: readonly [
  what: string,
  tell: (books: Books) => void,
  counts: Partial<WillCounts>,
  plan?: Partial<PlanRequest>,
][] = [
  ["no client", () => {}, {}],
  ["a living client", (books) => books.begin(), {}],
  ["killed and seen", (books) => books.see(books.killed(), killMs), { expected: 1, onTime: 1 }],
  ["arrived before the system call of the kill returned", (books) => books.see(books.killed(), killMs - 1), {
    expected: 1,
    onTime: 1,
  }],
  ["arrived long before the kill, and read after it", (books) => books.see(books.killed(), killMs - 30), {
    expected: 1,
    missing: 1,
    unwanted: 1,
  }],
  ["killed and not seen", (books) => books.killed(), { expected: 1, missing: 1 }],
  [
    "a fault that the profile describes",
    (books) => books.killed({}, anEnd("disconnect-error")),
    { expected: 1, deviating: 1 },
    { profile: "mosquitto" },
  ],
  ["a fault that it does not", (books) => books.killed(), { expected: 1, missing: 1 }, { profile: "mosquitto" }],
  ["seen before the kill was noted in the books, at its very instant", (books) => {
    const life = books.begin();
    books.see(life, killMs);
    books.end(life);
  }, { expected: 1, onTime: 1 }],
  ["seen while alive", (books) => {
    const life = books.begin();
    books.see(life, killMs - 1);
    books.end(life);
  }, { expected: 1, missing: 1, unwanted: 1 }],
  ["seen while alive, never killed", (books) => books.see(books.begin(), 5_000), { unwanted: 1 }],
  ["two lives of a client, wills the other way round", (books) => {
    const first = books.killed();
    const second = books.killed({ incarnation: 2 }, anEnd("close", { doneMs: killMs + 500 }));
    books.see(second, killMs + 600);
    books.see(first, killMs + 700);
  }, { expected: 2, onTime: 2 }],
  ["an earlier life's will again does not answer for the later one", (books) => {
    const first = books.killed();
    books.see(first, killMs);
    books.killed({ incarnation: 2 }, anEnd("close", { doneMs: killMs + 500 }));
    books.see(first, killMs + 600);
  }, { expected: 2, onTime: 1, duplicate: 1, missing: 1 }],
  ["twice before the life was closed", (books) => {
    const life = books.killed();
    books.see(life, killMs);
    books.see(life, killMs + 100);
  }, { expected: 1, onTime: 1, duplicate: 1 }],
  ["twice, the second time after the life was closed", (books) => {
    const life = books.killed();
    books.see(life, killMs);
    books.ledger.settle(killMs + 10_000);
    assert.deepEqual(books.counts, { expected: 1, onTime: 1 });
    books.see(life, killMs + 20_000);
    books.see(life, killMs + 30_000);
  }, { expected: 1, onTime: 1, duplicate: 2 }],
  ["left, and a will after the life was closed", (books) => {
    const life = books.killed({}, anEnd("leave"));
    books.ledger.settle(killMs + 10_000);
    books.see(life, killMs + 20_000);
  }, { unwanted: 1 }],
  ["resumed, and a will after the life was closed", (books) => {
    const life = books.killed({ delayS: 3, sessionExpiryS: 60, next: aNext(killMs + 1_000) });
    books.ledger.settle(killMs + 10_000);
    books.see(life, killMs + 20_000);
  }, { unwanted: 1 }],
  ["back at the very instant, and its only will after the life was closed: still allowed", (books) => {
    const life = books.killed({ delayS: 3, sessionExpiryS: 60, next: aNext(killMs + 3_000) });
    books.ledger.settle(killMs + 10_000);
    books.see(life, killMs + 20_000);
  }, {}],
  ["back at the very instant, and its second will after the life was closed", (books) => {
    const life = books.killed({ delayS: 3, sessionExpiryS: 60, next: aNext(killMs + 3_000) });
    books.see(life, killMs + 3_000);
    books.ledger.settle(killMs + 10_000);
    books.see(life, killMs + 20_000);
  }, { duplicate: 1 }],
  ["late, and not given up before", (books) => {
    const life = books.killed();
    for (let atMs = killMs; atMs < killMs + 50_000; atMs += 100) books.ledger.settle(atMs);
    books.see(life, killMs + 50_000);
  }, { expected: 1, late: 1 }],
  ["early", (books) => {
    const life = books.killed({ delayS: 3, sessionExpiryS: 60 });
    books.see(life, killMs + 1_000);
  }, { expected: 1, early: 1 }],
  ["delayed, and looked at all the while", (books) => {
    const life = books.killed({ delayS: 20, sessionExpiryS: 60 });
    for (let atMs = killMs; atMs < killMs + 20_000; atMs += 100) books.ledger.settle(atMs);
    books.see(life, killMs + 20_000);
  }, { expected: 1, onTime: 1 }],
  ["altered in what its payload does not say", (books) => {
    books.see(books.killed(), killMs, { qos: 0 });
  }, { expected: 1, altered: 1 }],
  ["an altered payload on the life's own topic", (books) => {
    assert.equal(books.see(books.killed(), killMs, { payload: altered })?.client, 0);
  }, { expected: 1, altered: 1 }],
  ["an altered payload, while an earlier life on the same topic is answered but not closed", (books) => {
    const first = books.killed();
    books.see(first, killMs);
    const second = books.killed({ incarnation: 2 }, anEnd("reset", { doneMs: killMs + 500 }));
    assert.equal(books.see(second, killMs + 500, { payload: altered }), second);
  }, { expected: 2, onTime: 1, altered: 1 }],
  ["an altered payload of an earlier life, the client alive again", (books) => {
    const first = books.killed();
    books.begin({ incarnation: 2 });
    assert.equal(books.see(first, killMs + 500, { payload: altered }), first);
  }, { expected: 1, altered: 1 }],
  ["an altered payload on a living client's topic", (books) => books.see(books.begin(), 5_000, { payload: altered }), {
    unwanted: 1,
  }],
  ["a will of another run", (books) => {
    const life = books.killed();
    books.see(life, killMs);
    const other = aPlan({ run: "r2" });
    books.ledger.arrive(aWill(other, life), 0, watcher5, killMs + 1);
  }, { expected: 1, onTime: 1, unwanted: 1 }],
  ["a will of a life that never was", (books) => books.see(aLife({ client: 5, incarnation: 9 }), 5_000), {
    unwanted: 1,
  }],
  ["a refused life's will", (books) => books.see(books.begin({ refused: true, connectedMs: undefined }), 5_000), {
    unwanted: 1,
  }],
  ["lost, its will seen first", (books) => {
    const life = books.begin();
    books.see(life, killMs - 500);
    books.end(life, anEnd("lost", { dueMs: killMs }));
  }, { expected: 1, onTime: 1 }],
  [
    "three watchers, all see it",
    (books) => {
      const life = books.killed();
      for (const copy of [0, 1, 2]) books.see(life, killMs + copy, {}, copy);
    },
    { expected: 1, onTime: 1 },
    { fanOut: 3 },
  ],
  [
    "three watchers, one misses it",
    (books) => {
      const life = books.killed();
      for (const copy of [0, 2]) books.see(life, killMs + copy, {}, copy);
    },
    { expected: 1, missing: 1 },
    { fanOut: 3 },
  ],
  [
    "three watchers, one sees it twice, one late, one altered",
    (books) => {
      const life = books.killed();
      books.see(life, killMs, {}, 0);
      books.see(life, killMs, {}, 0);
      books.see(life, killMs + 5_000, {}, 1);
      books.see(life, killMs, { qos: 2 }, 2);
    },
    { expected: 1, altered: 1, duplicate: 1 },
    { fanOut: 3 },
  ],
  [
    "three watchers that all see an unknown will: one fault, not three",
    (books) => {
      for (const copy of [0, 1, 2]) books.see(aLife({ client: 5 }), 5_000, {}, copy);
    },
    { unwanted: 1 },
    { fanOut: 3 },
  ],
];

for (const [what, tell, counts, plan] of stories) {
  Deno.test(`ledger: ${what}`, () => {
    const books = new Books(plan);
    tell(books);
    assert.deepEqual(books.closed(), counts);
    const { faults } = books.ledger.tally;
    assert.equal(faults.length > 0, faultsIn(books.ledger.tally.total()) > 0, "a fault has a sample, and only a fault");
  });
}

Deno.test("ledger: any order of begin, end and will of many lives gives the same counts", () => {
  const books = new Books();
  const lives = Array.from({ length: 200 }, (_, client) => books.begin({ client }));
  const places = lives.map((_, place) => place);
  const shuffled = (factor: number) => places.toSorted((a, b) => a * factor % 199 - b * factor % 199);
  for (const place of shuffled(7)) books.end(lives[place]!, anEnd(place % 4 === 0 ? "leave" : "reset"));
  for (const place of shuffled(31)) if (place % 4 !== 0 && place % 5 !== 0) books.see(lives[place]!, killMs + place);
  const due = places.filter((place) => place % 4 !== 0).length;
  const missing = places.filter((place) => place % 4 !== 0 && place % 5 === 0).length;
  assert.deepEqual(books.closed(), { expected: due, onTime: due - missing, missing });
});

Deno.test("ledger: an interrupted watch counts each will that could still arrive as undecided only", () => {
  const books = new Books();
  books.killed();
  books.killed({ client: 1, delayS: 60, sessionExpiryS: 60 });
  assert.deepEqual(books.closed(killMs + 500), {});
  assert.equal(books.ledger.tally.undecided, 2);
});

Deno.test("ledger: counts kills by mode, also of lives without a due will; a lost life is no kill", () => {
  const books = new Books();
  books.killed({}, anEnd("leave"));
  books.see(books.killed({ client: 1 }, anEnd("garbage")), killMs);
  books.killed({ client: 2 }, anEnd("lost"));
  books.closed();
  const { tally } = books.ledger;
  assert.deepEqual(tally.killed().map(([mode, { kills, expected }]) => [mode, kills, expected]), [
    ["garbage", 1, 1],
    ["leave", 1, 0],
  ]);
  assert.deepEqual([tally.of("lost").kills, tally.of("lost").missing], [0, 1]);
});

Deno.test("ledger: one latency counts from the scheduled kill, the other from the completed one", () => {
  const books = new Books();
  books.see(books.killed(), killMs + 40);
  books.see(books.killed({ client: 1, delayS: 3, sessionExpiryS: 60 }), killMs + 3_070);
  const { latency, brokerLatencies: { all } } = books.ledger.tally;
  assert.deepEqual({ count: latency.count, min: latency.min, max: latency.max }, {
    count: 2,
    min: killMs + 40 - killDueMs,
    max: killMs + 70 - killDueMs,
  });
  assert.deepEqual({ count: all.count, min: all.min, max: all.max }, { count: 2, min: 40, max: 70 });
  assert.equal(books.ledger.tally.brokerLatencies.of("reset").count, 2);
});

Deno.test("ledger: both latencies of a silent client count from the end that keep alive sets", () => {
  const books = new Books();
  const life = books.killed({ keepAliveS: 10 }, anEnd("freeze"));
  books.see(life, life.lastPacketMs + 15_000 + 7);
  const { latency, brokerLatencies: { all } } = books.ledger.tally;
  assert.deepEqual([latency.max, all.max], [7, 7]);
});

Deno.test("ledger: only the first arrival of a due will has a latency", () => {
  const books = new Books();
  const life = books.killed();
  books.see(life, killMs);
  books.see(life, killMs + 5);
  books.see(books.killed({ client: 1 }, anEnd("leave")), killMs);
  books.see(books.killed({ client: 2 }, anEnd("lost")), killMs);
  books.see(books.begin({ client: 3 }), killMs);
  assert.equal(books.ledger.tally.latency.count, 1);
});

Deno.test("ledger: knows waiting lives, overdue lives and the last due time", () => {
  const books = new Books({ fanOut: 2 });
  const { ledger } = books;
  assert.deepEqual({ waiting: ledger.waiting(), overdue: ledger.overdue(Infinity), lastDueMs: ledger.lastDueMs }, {
    waiting: 0,
    overdue: 0,
    lastDueMs: -Infinity,
  });
  const life = books.killed();
  books.killed({ client: 1, delayS: 3, sessionExpiryS: 60 });
  books.killed({ client: 2 }, anEnd("leave"));
  assert.deepEqual({ waiting: ledger.waiting(), lastDueMs: ledger.lastDueMs }, {
    waiting: 2,
    lastDueMs: killMs + 3_000,
  });
  assert.equal(ledger.overdue(killMs + 1_000), 0);
  assert.equal(ledger.overdue(killMs + 1_001), 1);
  assert.equal(ledger.overdue(killMs + 4_001), 2);
  books.see(life, killMs, {}, 0);
  assert.equal(ledger.waiting(), 2, "one of its two watchers has not seen it");
  books.see(life, killMs, {}, 1);
  assert.equal(ledger.waiting(), 1);
  assert.equal(ledger.seen, 2);
});

Deno.test("ledger: a resumed session owes no will, and is watched until its will would have arrived", () => {
  const { ledger, ...books } = new Books();
  void books;
  const life = aLife({ delayS: 30, sessionExpiryS: 60, next: aNext(killMs + 1_000), end: anEnd("reset") });
  ledger.begin(life);
  ledger.end(life);
  assert.deepEqual({ waiting: ledger.waiting(), lastDueMs: ledger.lastDueMs }, {
    waiting: 0,
    lastDueMs: killMs + 30_000,
  });
});

Deno.test("ledger: a late subscriber must find the last will of each topic", () => {
  const books = new Books({ willRetain: true });
  const [first, second] = [books.killed(), books.killed({ incarnation: 2 })];
  const other = books.killed({ client: 1 });
  books.see(first, killMs);
  books.see(other, killMs + 1);
  books.see(second, killMs + 2);
  assert.deepEqual([...books.ledger.lastOnTopic], [
    ["mqtt-sim/r1/0/0/will", { client: 0, incarnation: 2 }],
    ["mqtt-sim/r1/0/1/will", { client: 1, incarnation: 1 }],
  ]);
});

Deno.test("ledger: a late subscriber must find nothing when wills are not retained", () => {
  const books = new Books();
  books.see(books.killed(), killMs);
  assert.equal(books.ledger.lastOnTopic.size, 0);
});

Deno.test("ledger: a life whose next CONNECT was refused waits for its will again", () => {
  const books = new Books();
  const life = books.killed({ delayS: 30, sessionExpiryS: 60, next: aNext(killMs + 1_000) });
  assert.equal(books.ledger.waiting(), 0);
  life.next = undefined;
  assert.equal(books.ledger.waiting(), 1);
  books.see(life, killMs + 30_000);
  assert.deepEqual(books.closed(), { expected: 1, onTime: 1 });
});

Deno.test("ledger: reports a fault of each kind once, with its rule", () => {
  const books = new Books();
  books.killed();
  const twice = books.killed({ client: 1 });
  books.see(twice, killMs);
  books.see(twice, killMs);
  books.closed();
  assert.deepEqual(books.ledger.tally.faults.map(({ client, verdict, rule }) => [client, verdict, rule]), [
    ["mqtt-sim-r1-0", "missing", "MQTT 5.0, 3.1.2-8"],
    ["mqtt-sim-r1-1", "duplicate", "MQTT 5.0, 3.1.2-10"],
  ]);
});
