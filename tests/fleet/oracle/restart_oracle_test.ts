/**
 * The oracle over a restart of the broker, row by row: down at 10 s, back at 14 s. `wills.md` has the rules. A server
 * may publish wills after its restart, and still has to publish them. [MQTT311 3.1.2-8] [MQTT5 3.1.2-8]
 */
import assert from "node:assert/strict";
import type { Judgement } from "../../../src/fleet/oracle/expectation.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import { expectationOf, judge, worst } from "../../../src/fleet/oracle/oracle.ts";
import type { Absence, RestartWindow } from "../../../src/fleet/result/restart_result.ts";
import { aLife, anEnd, aNext, came, rules } from "../sample_life.ts";

const fromMs = 10_000;
const backMs = 14_000;
/** When a client sees that its connection ended with the broker. */
const noticedMs = 10_100;
const long = 200_000;
const late = rules.lateAfterMs;

const kept: RestartWindow = { fromMs, backMs, sessionsKept: true };
const forgot: RestartWindow = { fromMs, backMs, sessionsKept: false };

const ended = anEnd("restart", { dueMs: noticedMs, doneMs: noticedMs, sinceMs: fromMs });
const in311 = { version: 4 } as const;
const without = { version: 5, delayS: 0, sessionExpiryS: 60 } as const;
const delayed = { version: 5, delayS: 3, sessionExpiryS: 60 } as const;
const long5 = { version: 5, delayS: 30, sessionExpiryS: 60 } as const;
const short = { version: 5, delayS: 30, sessionExpiryS: 6 } as const;

const reset = (doneMs: number) => anEnd("reset", { dueMs: doneMs, doneMs });
const back = (sentMs: number, sessionPresent: boolean) => aNext(sentMs, { sessionPresent });

/**
 * The first and last time at which a will is right, without the lateness bound; `none`; or `either` where the standard
 * leaves it open.
 */
type Due = readonly [fromMs: number, byMs: number] | "none" | "either";

const table: readonly [row: string, life: Partial<Life>, restart: RestartWindow, due: Due][] = [
  // Alive: the connection ended with the broker, shortly before the restart or by it.
  ["alive, 3.1.1", { ...in311, end: ended }, kept, [9_980, 14_100]],
  ["alive, no delay", { ...without, end: ended }, kept, [9_980, 14_100]],
  ["alive, a delay", { ...delayed, end: ended }, kept, [9_980, 17_100]],
  ["alive, the session ends before the delay", { ...short, end: ended }, kept, [9_980, 20_100]],
  ["alive, 3.1.1, back on its session", { ...in311, end: ended, next: back(14_500, true) }, kept, [9_980, 14_100]],
  ["alive, back on its session before the delay", { ...long5, end: ended, next: back(14_500, true) }, kept, "none"],
  [
    "alive, back on its session within the down time's reach",
    {
      ...{ ...delayed, end: ended, next: back(14_500, true) },
    },
    kept,
    "either",
  ],
  [
    "alive, back before the delay, session forgotten",
    { ...long5, end: ended, next: back(14_500, false) },
    forgot,
    "either",
  ],
  [
    "alive, back before the delay with Clean Start",
    {
      ...{ ...long5, end: ended, next: { ...back(14_500, false), cleanStart: true } },
    },
    kept,
    [9_980, 18_500],
  ],
  ["alive, back long after the delay", { ...delayed, end: ended, next: back(19_000, true) }, kept, [9_980, 17_100]],
  // Dead before, the will not due yet: the due time stays, and the will may be late by the down time.
  ["delay not over", { ...long5, end: reset(9_000) }, kept, [38_980, 43_000]],
  ["delay over while down", { ...delayed, end: reset(9_000) }, kept, [11_980, 16_000]],
  ["session over while down", { ...short, end: reset(6_000) }, kept, [11_980, 16_000]],
  ["delay not over, the broker forgets sessions", { ...long5, end: reset(9_000) }, forgot, [9_980, 43_000]],
  ["delay not over, back in time", { ...long5, end: reset(9_000), next: back(15_000, true) }, kept, "none"],
  [
    "delay not over, back, session forgotten",
    { ...long5, end: reset(9_000), next: back(15_000, false) },
    forgot,
    "either",
  ],
  ["delay over while down, back after", { ...delayed, end: reset(9_000), next: back(14_500, true) }, kept, "either"],
  // Just killed: the broker may not have seen the end yet.
  ["just killed", { ...without, end: reset(9_900) }, kept, [9_880, 14_000]],
  ["just killed, 3.1.1", { ...in311, end: reset(9_900) }, kept, [9_880, 14_000]],
  ["killed long before", { ...without, end: reset(8_000) }, kept, [7_980, 8_000]],
  // Silent: the restart ends the connection before keep alive does.
  ["silent", { ...without, lastPacketMs: 5_000, keepAliveS: 10, end: anEnd("freeze", { doneMs: 6_000 }) }, kept, [
    9_980,
    24_000,
  ]],
  [
    "silent, a delay, back before that was over since the restart",
    {
      ...{
        ...long5,
        lastPacketMs: 5_000,
        keepAliveS: 10,
        end: anEnd("freeze", { doneMs: 6_000 }),
        next: back(25_000, true),
      },
    },
    kept,
    "none",
  ],
  [
    "silent, a delay, back after it may have been over",
    {
      ...{
        ...long5,
        lastPacketMs: 5_000,
        keepAliveS: 10,
        end: anEnd("freeze", { doneMs: 6_000 }),
        next: back(41_000, true),
      },
    },
    kept,
    "either",
  ],
  ["silent, no keep alive", { ...without, keepAliveS: 0, end: anEnd("freeze", { doneMs: 6_000 }) }, kept, [
    9_980,
    14_000,
  ]],
  // Left: no will is due, unless the broker may not have read the DISCONNECT.
  ["left before", { ...without, end: anEnd("leave", { doneMs: 8_900 }) }, kept, "none"],
  ["left before, 3.1.1", { ...in311, end: anEnd("leave", { doneMs: 8_900 }) }, forgot, "none"],
  ["left as it went down", { ...without, end: anEnd("leave", { doneMs: 9_500 }) }, kept, "either"],
  ["left after it was back", { ...without, end: anEnd("leave", { doneMs: 15_000 }) }, kept, "none"],
  // The restart does not affect these lives.
  ["killed after it was back", { ...without, end: reset(15_000) }, kept, [14_980, 15_000]],
  ["back, and alive", { ...without }, kept, "none"],
  ["refused", { ...without, refused: true }, kept, "none"],
  ["CONNECT not answered", { ...without, connectedMs: undefined }, kept, "either"],
];

function dueOf(life: Life, restart: RestartWindow): Due {
  const expectation = expectationOf(life, { ...rules, restarts: [restart] });
  return expectation.kind === "one"
    ? [expectation.earliestMs, expectation.byMs ?? expectation.dueMs]
    : expectation.kind;
}

for (const [row, life, restart, due] of table) {
  Deno.test(`oracle over a restart: ${row}`, () => assert.deepEqual(dueOf(aLife(life), restart), due));
}

function verdict(life: Partial<Life>, instants: readonly number[], restart = kept, away: readonly Absence[] = []) {
  return judge(aLife(life), came(...instants), { ...rules, restarts: [restart] }, long, away);
}

function outcomeOf({ verdict, duplicates, unwanted }: Judgement) {
  return [verdict, duplicates, unwanted];
}

Deno.test("oracle over a restart: a will during or after the shutdown is on time, and both together are a duplicate", () => {
  const life = { ...without, end: ended };
  assert.deepEqual(outcomeOf(verdict(life, [10_001])), ["onTime", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [14_100 + late])), ["onTime", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [14_101 + late])), ["late", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [])), ["missing", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [10_001, 14_050])), ["onTime", 1, 0]);
});

Deno.test("oracle over a restart: the will of a life that survives the restart, or comes before its end, is unwanted", () => {
  assert.deepEqual(outcomeOf(verdict({ ...without }, [14_200])), [undefined, 0, 1]);
  assert.deepEqual(outcomeOf(verdict({ ...without, end: ended }, [9_000, 14_200])), ["onTime", 0, 1]);
});

Deno.test("oracle over a restart: a delayed will at the restart is early if sessions survive, and allowed if they do not", () => {
  const life = { ...long5, end: reset(9_000) };
  assert.deepEqual(outcomeOf(verdict(life, [14_100], kept)), ["early", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [14_100], forgot)), ["onTime", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [43_000 + late])), ["onTime", 0, 0]);
  assert.deepEqual(outcomeOf(verdict(life, [43_001 + late])), ["late", 0, 0]);
});

Deno.test("oracle over a restart: a will that a watcher could not see is neither missing nor on time", () => {
  const absence = { bucket: 0, copy: 0, fromMs, toMs: 14_500 };
  const life = { ...without, end: ended } as const;
  const of = (over: Partial<Life>, forgotten: boolean, instants: readonly number[] = []) =>
    verdict({ ...life, ...over }, instants, forgot, [{ ...absence, forgotten }]).verdict;
  assert.equal(of({}, true), "unseeable");
  assert.equal(of({}, false), "missing", "what was kept for it would have come");
  assert.equal(of({ qos: 0 }, false), "unseeable", "of QoS 0 nothing need be kept");
  assert.equal(of({}, true, [14_600]), "onTime", "seen is seen");
  assert.equal(of({}, true, [16_000]), "late");
  assert.equal(of({ end: reset(15_600) }, true), "missing", "it could see again by then");
  assert.equal(of({ end: reset(8_000) }, true), "missing", "it could see until then");
  assert.equal(of({ end: reset(9_500) }, true), "unseeable");
});

Deno.test("oracle over a restart: an arrival at one of two watchers counts, and so does a miss of the one that could see", () => {
  const life = { ...without, end: ended };
  const away = [{ bucket: 0, copy: 0, fromMs, toMs: 14_500, forgotten: true }];
  const blind = verdict(life, [], forgot, away);
  assert.equal(worst([blind, verdict(life, [14_100])]).verdict, "onTime");
  assert.equal(worst([verdict(life, []), blind]).verdict, "missing");
});

Deno.test("oracle over a restart: a will may wait through two restarts", () => {
  const life = aLife({ ...without, end: ended });
  const second = { fromMs: 14_500, backMs: 15_500, sessionsKept: true };
  const expectation = expectationOf(life, { ...rules, restarts: [kept, second] });
  assert.deepEqual(expectation.kind === "one" && expectation.byMs, 15_500);
});
