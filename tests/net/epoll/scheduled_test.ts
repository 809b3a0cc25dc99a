/** Scheduled work of the epoll engine: its instants, and how often the thread wakes for it. */
import assert from "node:assert/strict";
import { EpollLoop } from "../../../src/net/epoll/epoll_loop.ts";
import { hazard, later, until } from "./stage.ts";

/** Too many watches. */
const ENOSPC = -28;

/** Scheduled work each `everyMs`, which notes how late it is done. */
function everyWork(everyMs: number) {
  const lateMs: number[] = [];
  let dueMs = performance.now() + everyMs;
  const nowMs = () => performance.now();
  const act = () => {
    lateMs.push(nowMs() - dueMs);
    dueMs = nowMs() + everyMs;
  };
  return { lateMs, work: { dueMs: () => dueMs, preciseMs: () => dueMs, act, actPrecisely: act, rest() {}, nowMs } };
}

/** On a busy machine most may be late; bench:instrument measures by how much. */
function assertOnTime(lateMs: readonly number[]): void {
  const inOrder = lateMs.toSorted((one, other) => one - other);
  assert.ok(inOrder[0]! >= 0 && inOrder[0]! < 1, `${inOrder[0]} ms late at least`);
}

hazard("scheduled work is done at its instants, and never early, while links are idle", async (stage) => {
  await stage.pair();
  const { lateMs, work } = everyWork(7);
  stage.loop.drive(work);
  await until(() => lateMs.length >= 20);
  assertOnTime(lateMs);
});

hazard("links and timers of the runtime are served beside scheduled work", async (stage) => {
  const { lateMs, work } = everyWork(3);
  stage.loop.drive(work);
  const { dialled, accepted } = await stage.pair();
  accepted.onChunk = () => void accepted.link.write(Uint8Array.of(1));
  dialled.onChunk = () => void dialled.link.write(Uint8Array.of(1));
  dialled.link.write(Uint8Array.of(1));
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await until(() => dialled.sizeBytes > 200 && ticks > 5 && lateMs.length > 5);
  clearInterval(timer);
});

hazard("scheduled work waits until a descriptor is watched, and a loop without links ends", async (stage) => {
  const { lateMs, work } = everyWork(3);
  let rests = 0;
  const idle = new EpollLoop(stage.libc);
  idle.drive({ ...work, rest: () => rests++ });
  await idle.abandon();
  assert.deepEqual({ lateMs, rests }, { lateMs: [], rests: 1 });
});

hazard("a loop whose last link ends reports that scheduled work rests", async (stage) => {
  const { lateMs, work } = everyWork(3);
  let rests = 0;
  const { accepted, dialled } = await stage.pair();
  stage.loop.drive({ ...work, rest: () => rests++ });
  await until(() => lateMs.length > 2);
  assert.equal(rests, 0);
  stage.listener.close();
  for (const { link } of [accepted, dialled]) link.reset();
  await until(() => rests > 0);
  const { length } = lateMs;
  await later(20);
  assert.deepEqual({ rests, acts: lateMs.length }, { rests: 1, acts: length });
});

hazard("events wait for scheduled work that is nearly due, and then all are read together", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  accepted.onChunk = () => void accepted.link.write(Uint8Array.of(1));
  dialled.onChunk = () => void dialled.link.write(Uint8Array.of(1));
  const { lateMs, work } = everyWork(0.3);
  stage.loop.drive(work);
  dialled.link.write(Uint8Array.of(1));
  await until(() => lateMs.length > 0);
  const before = { acts: lateMs.length, rounds: stage.libc.rounds, sizeBytes: dialled.sizeBytes };
  await until(() => lateMs.length >= before.acts + 300);
  const acts = lateMs.length - before.acts;
  const rounds = stage.libc.rounds - before.rounds;
  assert.ok(rounds <= 1.3 * acts, `${rounds} reads of events for ${acts} works`);
  assert.ok(dialled.sizeBytes > before.sizeBytes + 50, "the links are served");
  assertOnTime(lateMs);
});

hazard("precise work that falls due while a round handles its events is done between two of them", async (stage) => {
  const pairs = [];
  for (let count = 0; count < 20; count++) pairs.push(await stage.pair());
  const { lateMs, work } = everyWork(1);
  let precisely = 0;
  stage.loop.drive({
    ...work,
    actPrecisely() {
      precisely++;
      work.actPrecisely();
    },
  });
  let handled = 0;
  for (const { accepted } of pairs) {
    accepted.onChunk = () => {
      handled++;
      const untilMs = performance.now() + 2;
      while (performance.now() < untilMs); // longer than the interval of the work
    };
  }
  for (const { dialled } of pairs) dialled.link.write(Uint8Array.of(1));
  await until(() => handled === pairs.length);
  assert.ok(precisely >= pairs.length / 2, `${precisely} works while the loop handled ${handled} events`);
  assertOnTime(lateMs);
});

hazard("the thread wakes a few times for each work of an idle loop, exact or not", async (stage) => {
  await stage.pair();
  for (const isExact of [true, false]) {
    const { lateMs, work } = everyWork(50);
    stage.loop.drive({ ...work, ...!isExact && { preciseMs: () => Infinity } });
    await until(() => lateMs.length === 1);
    const before = stage.libc.rounds;
    await until(() => lateMs.length === 11);
    const rounds = stage.libc.rounds - before;
    assert.ok(rounds <= 45, `${rounds} waits for 10 works${isExact ? ", exact" : ""}`);
  }
});

for (const fault of ["openTimer", "watch"] as const) {
  hazard(`scheduled work is done at its instants without a timer descriptor: ${fault} fails`, async (stage) => {
    await stage.pair();
    stage.libc.faults[fault] = [ENOSPC];
    const { lateMs, work } = everyWork(3);
    stage.loop.drive(work);
    await until(() => lateMs.length >= 20);
    assert.deepEqual(stage.libc.faults[fault], []);
    assertOnTime(lateMs);
  });
}
