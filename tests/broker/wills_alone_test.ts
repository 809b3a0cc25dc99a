/**
 * The `Wills` class without the rest of the broker: a journal records each event, store change, publication and
 * counter, in order.
 */
import assert from "node:assert/strict";
import { Deadlines } from "../../src/base/deadlines.ts";
import type { Identity } from "../../src/broker/access/identity.ts";
import type { Due } from "../../src/broker/due.ts";
import type { Ending } from "../../src/broker/options/ending.ts";
import { type BrokerEventType, brokerEventTypes, type BrokerListeners } from "../../src/broker/options/events.ts";
import { cost, Memory } from "../../src/broker/limits/memory.ts";
import { Metrics } from "../../src/broker/limits/metrics.ts";
import { neverExpiresS } from "../../src/broker/session/session.ts";
import { Changes } from "../../src/broker/store/changes.ts";
import type { StoredWill } from "../../src/broker/store/stored.ts";
import type { WillFault } from "../../src/broker/options/will_fault.ts";
import { PendingWill, willBytes, Wills, type WillsDeps } from "../../src/broker/wills.ts";
import type { ProtocolVersion } from "../../src/mqtt/packet.ts";
import { aWill } from "./stage.ts";
import { eachCase } from "../support/steps.ts";

const lost: Ending = { kind: "link-end" };
const left: Ending = { kind: "disconnect", reasonCode: 0x00 };
const leftWithWill: Ending = { kind: "disconnect", reasonCode: 0x04 };
const nowMs = 50_000;

function userOf(clientId: string): Identity {
  return { username: `user of ${clientId}`, proof: undefined };
}

class Desk {
  readonly journal: string[] = [];
  readonly deadlines = new Deadlines<Due>();
  readonly metrics = new Metrics();
  readonly wills: Wills;

  constructor(deps: Partial<WillsDeps> = {}, listens = true) {
    const changes = new Changes();
    changes.will = (clientId, held) => this.note(`store ${clientId}: ${stored(held)}`);
    this.wills = new Wills({
      deadlines: this.deadlines,
      metrics: this.metrics,
      publish: ({ topic, publishedAtMs }, { clientId, owner }, atMs) => {
        this.note(`publish ${topic} of ${clientId} at ${atMs}, counted from ${publishedAtMs}`);
        assert.equal(owner?.username, `user of ${clientId}`);
      },
      fault: undefined,
      changes,
      ...listens && { listeners: listeners((text) => this.note(text)) },
      ...deps,
    });
  }

  note(text: string): void {
    this.journal.push(text);
  }

  /** The entries since the last call, without those of the arming itself. */
  take(): string[] {
    return this.journal.splice(0);
  }

  arm(clientId: string, delayIntervalS: number, connectionId = 1): this {
    this.wills.arm(clientId, connectionId, aWill({ topic: `t/${clientId}`, delayIntervalS }), userOf(clientId));
    return this;
  }

  end(clientId: string, ending: Ending, sessionExpiryS = 600, version: ProtocolVersion = 5, connectionId = 1): void {
    this.wills.release({ clientId, connectionId, version, ending, sessionExpiryS, nowMs });
  }

  /** Returns a delayed will: armed, its connection lost. The journal is empty. */
  delay(clientId: string, delayIntervalS = 3): PendingWill {
    this.arm(clientId, delayIntervalS).end(clientId, lost);
    this.take();
    return this.wills.delayedOf(clientId)!;
  }
}

function stored(held: StoredWill | undefined): string {
  if (held === undefined) return "none";
  const { will, owner, delayed } = held;
  return `${will.topic}, ${owner?.username}${delayed ? `, due at ${delayed.dueMs} by ${delayed.ending.kind}` : ""}`;
}

function listeners(note: (text: string) => void): BrokerListeners {
  const of = (type: BrokerEventType) => [type, ({ type: own, will, clientId, ...rest }: Record<string, unknown>) => {
    note(`event ${own} ${clientId} ${(will as { topic: string }).topic} ${JSON.stringify(rest)}`);
    assert.equal(own, type);
  }];
  return Object.fromEntries(brokerEventTypes.map(of));
}

Deno.test("wills alone: an armed will is stored, reported and held", () => {
  const desk = new Desk().arm("a", 3);
  assert.deepEqual(desk.journal, ["store a: t/a, user of a", "event will-armed a t/a {}"]);
  assert.equal(desk.wills.armedOf("a")?.topic, "t/a");
  assert.equal(desk.wills.armedOf("b"), undefined);
  assert.equal(desk.wills.delayedOf("a"), undefined);
  assert.equal(desk.metrics.willsArmed, 1);
  assert.equal(desk.metrics.willsHeld, 1);
});

Deno.test("wills alone: the event of a delayed will gives the delay in milliseconds", async (t) => {
  const waits: readonly [delayS: number, sessionExpiryS: number, delayMs: number][] = [
    [1, 600, 1_000],
    [3, 600, 3_000],
    [600, 2, 2_000],
    [5, 5, 5_000],
    [3, neverExpiresS, 3_000],
    [neverExpiresS, neverExpiresS, 1_000 * neverExpiresS],
  ];
  await eachCase(t, waits, ([delayS, sessionExpiryS, delayMs]) => {
    const desk = new Desk().arm("a", delayS);
    desk.take();
    desk.end("a", lost, sessionExpiryS);
    assert.deepEqual(desk.journal, [
      "store a: none",
      `store a: t/a, user of a, due at ${nowMs + delayMs} by link-end`,
      `event will-delayed a t/a {"ending":"link-end","delayMs":${delayMs}}`,
    ]);
    assert.equal(desk.deadlines.nextMs, nowMs + delayMs);
    const { sinceMs, deadline, username } = desk.wills.delayedOf("a")!;
    assert.deepEqual([sinceMs, deadline!.atMs, username], [nowMs, nowMs + delayMs, "user of a"]);
    assert.deepEqual([...desk.wills.delayed()].map(({ clientId }) => clientId), ["a"]);
    assert.deepEqual([desk.metrics.willsDelayed, desk.metrics.willsHeld], [1, 1]);
    assert.equal(desk.wills.armedOf("a"), undefined);
  });
});

Deno.test("wills alone: without a delay or a surviving session, a will is published at once", async (t) => {
  await eachCase(t, [[0, 600], [3, 0]] as const, ([delayS, sessionExpiryS]) => {
    const desk = new Desk().arm("a", delayS);
    desk.take();
    desk.end("a", lost, sessionExpiryS);
    assert.deepEqual(desk.journal, [
      "store a: none",
      'event will-published a t/a {"ending":"link-end"}',
      `publish t/a of a at ${nowMs}, counted from ${nowMs}`,
    ]);
    assert.deepEqual([desk.metrics.willsPublished["link-end"], desk.metrics.willsHeld, desk.deadlines.size], [1, 0, 0]);
  });
});

Deno.test("wills alone: DISCONNECT discards the will always in 3.1.1, and with 0x00 only in 5.0", async (t) => {
  const ends: readonly [ProtocolVersion, Ending, discarded: boolean][] = [
    [5, left, true],
    [5, leftWithWill, false],
    [5, { kind: "disconnect", reasonCode: 0x80 }, false],
    [4, left, true],
    [4, leftWithWill, true],
    [4, lost, false],
    [5, lost, false],
  ];
  await eachCase(t, ends, ([version, ending, discarded]) => {
    const desk = new Desk().arm("a", 0);
    desk.take();
    desk.end("a", ending, 600, version);
    const last = discarded ? "event will-discarded a t/a {}" : `publish t/a of a at ${nowMs}, counted from ${nowMs}`;
    assert.equal(desk.journal[0], "store a: none");
    assert.equal(desk.journal.at(-1), last, `${version} ${JSON.stringify(ending)}`);
    assert.equal(desk.metrics.willsDiscarded, discarded ? 1 : 0);
  });
});

Deno.test("wills alone: a different connection, or one without a will, releases and discards no will", () => {
  const desk = new Desk().arm("a", 0, 2);
  desk.take();
  desk.end("a", lost, 600, 5, 1);
  desk.wills.forget("a", 1);
  desk.end("b", lost);
  desk.wills.forget("b", 1);
  desk.wills.cancel("a");
  desk.wills.sessionEnded("a", nowMs);
  assert.deepEqual(desk.journal, []);
  assert.equal(desk.metrics.willsHeld, 1);
  assert.equal(desk.metrics.willsCancelled, 0);
  assert.equal(desk.wills.armedOf("a")?.topic, "t/a");
});

Deno.test("wills alone: a connection that the broker refuses late loses its will", () => {
  const desk = new Desk().arm("a", 0);
  desk.take();
  desk.wills.forget("a", 1);
  assert.deepEqual(desk.journal, ["store a: none", "event will-discarded a t/a {}"]);
  assert.deepEqual([desk.metrics.willsDiscarded, desk.metrics.willsHeld], [1, 0]);
  desk.end("a", lost);
  assert.equal(desk.journal.length, 2);
});

Deno.test("wills alone: a new connection of the session cancels its delayed will", () => {
  const desk = new Desk();
  desk.delay("a");
  desk.wills.cancel("a");
  assert.deepEqual(desk.journal, ["store a: none", "event will-cancelled a t/a {}"]);
  assert.deepEqual([desk.metrics.willsCancelled, desk.metrics.willsHeld, desk.deadlines.size], [1, 0, 0]);
});

Deno.test("wills alone: a delayed will is due at the end of its session or of its delay", () => {
  const desk = new Desk();
  const pending = desk.delay("a");
  desk.wills.sessionEnded("a", nowMs + 7);
  const published = (kind: string, atMs: number) => [
    "store a: none",
    `event will-published a t/a {"ending":"${kind}"}`,
    `publish t/a of a at ${atMs}, counted from ${atMs}`,
  ];
  assert.deepEqual(desk.take(), published("session-end", nowMs + 7));
  assert.deepEqual([desk.metrics.willsPublished["session-end"], desk.metrics.willsHeld, desk.deadlines.size], [
    1,
    0,
    0,
  ]);

  const next = desk.delay("a");
  assert.notEqual(next, pending);
  desk.wills.fallDue(next, nowMs + 3_000);
  assert.deepEqual(desk.take(), published("link-end", nowMs + 3_000));
  assert.deepEqual([desk.metrics.willsPublished["link-end"], desk.metrics.willsHeld], [1, 0]);
});

Deno.test("wills alone: a stored will waits for the start time, and is not stored or reported again", () => {
  const desk = new Desk();
  const held = { clientId: "a", will: aWill({ topic: "t/a" }), ending: lost, owner: userOf("a"), dueMs: nowMs + 9 };
  desk.wills.restore(held);
  assert.deepEqual(desk.journal, []);
  const pending = desk.wills.delayedOf("a")!;
  const { deadline, ending, username, sinceMs } = pending;
  assert.deepEqual([deadline!.atMs, ending, username, sinceMs], [nowMs + 9, lost, "user of a", 0]);
  assert.deepEqual([desk.metrics.willsHeld, desk.deadlines.nextMs], [1, nowMs + 9]);
  desk.wills.fallDue(pending, nowMs + 9);
  assert.equal(desk.journal.at(-1), `publish t/a of a at ${nowMs + 9}, counted from ${nowMs + 9}`);
});

Deno.test("wills alone: a stop publishes, loses or keeps each will, armed or delayed", async (t) => {
  const stops: readonly [name: string, stop: (wills: Wills) => void, journal: string[], lost: number][] = [
    ["published", (wills) => wills.stop(true, nowMs + 1), [
      "store b: none",
      'event will-published a t/a {"ending":"shutdown"}',
      `publish t/a of a at ${nowMs + 1}, counted from ${nowMs + 1}`,
      'event will-published b t/b {"ending":"shutdown"}',
      `publish t/b of b at ${nowMs + 1}, counted from ${nowMs + 1}`,
    ], 0],
    ["lost", (wills) => wills.stop(false, nowMs + 1), [
      "store b: none",
      "event will-lost a t/a {}",
      "event will-lost b t/b {}",
    ], 2],
    ["kept", (wills) => wills.keep(), [], 0],
  ];
  await eachCase(t, stops, ([name, stop, journal, count]) => {
    const desk = new Desk();
    desk.delay("b");
    desk.arm("a", 0).take();
    assert.equal(desk.metrics.willsHeld, 2);
    stop(desk.wills);
    assert.deepEqual(desk.journal, journal, name);
    assert.deepEqual([desk.metrics.willsLostAtStop, desk.metrics.willsHeld, desk.deadlines.size], [count, 0, 0], name);
    assert.deepEqual([desk.wills.armedOf("a"), desk.wills.delayedOf("b")], [undefined, undefined], name);
  });
});

Deno.test("wills alone: a due will that its client may not publish is denied", () => {
  const asked: unknown[] = [];
  const authorize = (who: unknown, action: string, topic: string) => {
    const { clientId, username } = who as PendingWill;
    asked.push([clientId, username, action, topic]);
    return topic === "t/a";
  };
  const desk = new Desk({ authorize }).arm("a", 0).arm("b", 0);
  desk.take();
  desk.end("a", lost);
  assert.equal(desk.take().at(-1), `publish t/a of a at ${nowMs}, counted from ${nowMs}`);
  desk.end("b", lost);
  assert.deepEqual(desk.journal, ["store b: none", "event will-denied b t/b {}"]);
  assert.deepEqual(asked, [["a", "user of a", "publish", "t/a"], ["b", "user of b", "publish", "t/b"]]);
  assert.deepEqual([desk.metrics.willsDenied, desk.metrics.willsPublished["link-end"]], [1, 1]);
});

Deno.test("wills alone: copies of a fault are published now or after their delay, under the client's name", async (t) => {
  const will = (topic: string) => aWill({ topic });
  const copies = [{ will: will("now"), delayMs: 0 }, { will: will("soon"), delayMs: 1 }, {
    will: will("2 s"),
    delayMs: 2_000,
  }];
  const desk = new Desk({ fault: { atPublication: () => copies } }).arm("a", 0);
  desk.take();
  desk.end("a", lost);
  assert.deepEqual(desk.take().slice(1), [
    'event will-published a t/a {"ending":"link-end"}',
    `publish now of a at ${nowMs}, counted from ${nowMs}`,
  ]);
  assert.equal(desk.metrics.willFaults, 1);
  await eachCase(t, [["soon", 1], ["2 s", 2_000]] as const, ([topic, afterMs]) => {
    assert.equal(desk.deadlines.nextMs, nowMs + afterMs);
    const copy = desk.deadlines.takeDue(nowMs + afterMs) as PendingWill;
    desk.wills.fallDue(copy, nowMs + afterMs);
    assert.deepEqual(desk.take(), [`publish ${topic} of a at ${nowMs + afterMs}, counted from ${nowMs + afterMs}`]);
  });
});

Deno.test("wills alone: a fault at the release publishes a discarded or delayed will", async (t) => {
  await eachCase(t, [["discard", left], ["delay", lost]] as const, ([decision, ending]) => {
    for (const strikes of [true, false]) {
      const asked: string[] = [];
      const atRelease = ({ clientId }: { readonly clientId: string }, about: string) => {
        asked.push(`${clientId} ${about}`);
        return strikes;
      };
      const desk = new Desk({ fault: { atRelease } }).arm("a", 3);
      desk.take();
      desk.end("a", ending);
      assert.deepEqual(asked, [`a ${decision}`]);
      const published = desk.journal.filter((line) => line.startsWith("publish"));
      assert.deepEqual(published, strikes ? [`publish t/a of a at ${nowMs}, counted from ${nowMs}`] : []);
      assert.deepEqual([desk.metrics.willFaults, desk.deadlines.size], [
        strikes ? 1 : 0,
        decision === "delay" && !strikes ? 1 : 0,
      ]);
    }
  });
});

Deno.test("wills alone: a stop tells the fault about the shutdown, for armed wills", () => {
  const endings: string[] = [];
  const atPublication: WillFault["atPublication"] = ({ clientId, ending }) => {
    endings.push(`${clientId} ${ending.kind}`);
    return undefined;
  };
  const desk = new Desk({ fault: { atPublication } });
  desk.delay("b");
  desk.arm("a", 0).wills.stop(true, nowMs);
  assert.deepEqual(endings, ["a shutdown", "b link-end"]);
});

Deno.test("wills alone: a will has its owner's name, and none where the broker checks no logins", () => {
  assert.equal(new PendingWill("a", aWill(), lost, userOf("a")).username, "user of a");
  assert.equal(new PendingWill("a", aWill(), lost, undefined).username, undefined);
});

Deno.test("wills alone: the counters are the same without a store, a listener or a fault", () => {
  const run = (desk: Desk) => {
    for (const clientId of ["a", "b", "c", "d"]) desk.arm(clientId, clientId === "a" ? 0 : 3);
    for (const clientId of ["a", "b", "c"]) desk.end(clientId, lost);
    desk.end("d", left);
    desk.wills.cancel("b");
    desk.wills.sessionEnded("c", nowMs);
    desk.arm("e", 0).wills.forget("e", 1);
    desk.wills.fallDue(desk.delay("f"), nowMs);
    desk.arm("g", 0).wills.stop(false, nowMs);
    return JSON.stringify(desk.metrics); // this entry changes counters only
  };
  const metrics = run(new Desk());
  assert.deepEqual(run(new Desk({ changes: undefined, listeners: {} })), metrics);
  assert.deepEqual(run(new Desk({ changes: undefined, fault: {} }, false)), metrics);
  const deny = { authorize: () => false };
  const denied = run(new Desk(deny));
  assert.deepEqual(run(new Desk(deny, false)), denied);
  assert.deepEqual(run(new Desk({ ...deny, listeners: {} })), denied);
});

Deno.test("wills alone: memory counts each will while it is held, armed or delayed", () => {
  const memory = new Memory(Infinity);
  const desk = new Desk({ memory, authorize: () => true });
  const { wills } = desk;
  const will = (clientId: string) => aWill({ topic: `t/${clientId}`, delayIntervalS: 3, payload: new Uint8Array(100) });
  const bytes = willBytes(will("a"));
  assert.equal(bytes, cost.will + 2 * "t/a".length + 100);
  const properties = { contentType: "ab", userProperties: [["c", "d"], ["", ""]] as const };
  assert.equal(willBytes({ ...will("a"), properties }), bytes + 4 + 2 * cost.userProperty + 4);
  const held = (count: number, why: string) => assert.equal(memory.usedBytes, count * bytes, why);
  for (const [at, clientId] of [..."abcdefg"].entries()) {
    wills.arm(clientId, 1, will(clientId), userOf(clientId));
    held(at + 1, "armed");
  }
  desk.end("a", left);
  held(6, "discarded");
  desk.end("b", lost, 0);
  held(5, "published at once");
  for (const clientId of "cde") desk.end(clientId, lost);
  held(5, "delayed");
  wills.cancel("c");
  held(4, "cancelled");
  wills.sessionEnded("d", nowMs);
  held(3, "its session ended");
  wills.fallDue(wills.delayedOf("e") as PendingWill, nowMs + 3_000);
  held(2, "due");
  wills.forget("f", 1);
  held(1, "forgotten");
  wills.restore({ clientId: "h", will: will("h"), owner: userOf("h"), ending: lost, dueMs: nowMs + 9_000 });
  held(2, "restored");
  wills.stop(true, nowMs);
  held(0, "stopped");
  wills.arm("i", 1, will("i"), userOf("i"));
  wills.restore({ clientId: "j", will: will("j"), owner: userOf("j"), ending: lost, dueMs: nowMs + 9_000 });
  wills.keep();
  held(0, "kept for the next start");
});
