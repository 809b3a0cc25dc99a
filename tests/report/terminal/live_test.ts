import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import type { Progress } from "../../../src/fleet/result/result.ts";
import type { RunPhase } from "../../../src/fleet/result/run_phase.ts";
import { type Live, openLive } from "../../../src/report/terminal/live.ts";
import { colourStyle, plainStyle } from "../../../src/report/terminal/style.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";

const none = noCounts();
const at = (phase: RunPhase, killed = 0): Progress => {
  const instants = { began: {}, restarts: [] };
  const numbers = { clients: 10, alive: 9, connected: 9, killed, wills: killed, p50: 1, p99: 1, instants };
  return { phase, phaseMs: 0, phaseOfMs: 1_000, faults: none, ...numbers };
};

interface Opened {
  readonly live: Live;
  readonly clock: ManualClock;
  written(): string;
}

function opened(columns: number | undefined, quiet = false): Opened {
  const clock = new ManualClock();
  let text = "";
  const screen = { clock, style: plainStyle, write: (more: string) => void (text += more), columns: () => columns };
  return { live: openLive(screen, quiet), clock, written: () => text };
}

/** The lines that a terminal would show, for the escape sequences that the panel uses. */
function shown(text: string): { readonly lines: string[]; readonly cursorVisible: boolean } {
  const lines: string[] = [""];
  let row = 0;
  let cursorVisible = true;
  // deno-lint-ignore no-control-regex
  for (const [token, up] of text.matchAll(/\x1b\[(\d+)A|\x1b\[\?25[lh]|\x1b\[[KJ]|\r|\n|[^\x1b\r\n]+/g)) {
    if (up !== undefined) row -= Number(up);
    else if (token === "\x1b[?25l") cursorVisible = false;
    else if (token === "\x1b[?25h") cursorVisible = true;
    else if (token === "\x1b[J") lines.splice(row, lines.length - row, "");
    else if (token === "\n") lines[++row] ??= "";
    else if (token !== "\r" && token !== "\x1b[K") lines[row] = token;
    assert.ok(row >= 0, "the cursor went beyond the panel");
  }
  return { lines: lines.filter((line) => line !== ""), cursorVisible };
}

Deno.test("live: without a terminal it prints a line at each change of phase and every 5 s", () => {
  const { live, clock, written } = opened(undefined);
  live.progress(at("connect"));
  clock.advance(4_999);
  live.progress(at("connect"));
  live.progress(at("kill"));
  clock.advance(4_999);
  live.progress(at("kill", 1));
  clock.advance(1);
  live.progress(at("kill", 2));
  live.progress(at("done", 3));
  assert.deepEqual(written().trimEnd().split("\n").map((line) => line.split(",")[0] + line.match(/killed \d/)![0]), [
    "fleet is connectingkilled 0",
    "clients are being killedkilled 0",
    "clients are being killedkilled 2",
  ]);
});

Deno.test("live: without a terminal the interval of the lines grows with the run, to at most 5 min", () => {
  const { live, clock, written } = opened(undefined);
  const days = 7;
  for (let second = 0; second < days * 86_400; second++) {
    live.progress(at("kill", second));
    clock.advance(1_000);
  }
  const seconds = written().trimEnd().split("\n").map((line) =>
    Number(line.match(/killed ([\d,]+)/)![1]!.replaceAll(",", ""))
  );
  assert.ok(seconds.length < 2_300, `${seconds.length} lines`);
  const gaps = seconds.slice(1).map((second, place) => second - seconds[place]!);
  assert.deepEqual([gaps[0], Math.max(...gaps)], [5, 300]);
  assert.ok(gaps.every((gap, place) => place === 0 || gap >= gaps[place - 1]!));
});

Deno.test("live: on a terminal it redraws the panel below the notices", () => {
  const { live, written } = opened(80);
  live.notice({ level: "info", text: "before" });
  live.progress(at("kill", 1));
  live.notice({ level: "warning", text: "in between" });
  live.progress(at("kill", 2));
  const { lines, cursorVisible } = shown(written());
  assert.deepEqual(lines.slice(0, 2), ["before", "warning: in between"]);
  assert.equal(lines.length, 5);
  assert.match(lines[3]!, /killed 2/);
  assert.equal(cursorVisible, false);
});

Deno.test("live: at the end it removes the panel and restores the cursor, and later updates print nothing", () => {
  const { live, written } = opened(80);
  live.progress(at("kill", 1));
  live.end();
  live.end();
  live.progress(at("kill", 2));
  live.notice({ level: "info", text: "after" });
  assert.deepEqual(shown(written()), { lines: ["after"], cursorVisible: true });
});

Deno.test("live: quiet prints only warnings", () => {
  const { live, written } = opened(80, true);
  live.progress(at("kill"));
  live.notice({ level: "info", text: "nothing" });
  live.notice({ level: "warning", text: "something" });
  live.end();
  assert.equal(written(), "warning: something\n");
});

Deno.test("live: on a terminal that became narrower, the panel replaces all rows of its wrapped lines", () => {
  let columns = 80;
  let text = "";
  const screen = { clock: new ManualClock(), style: colourStyle, write: (more: string) => void (text += more) };
  const live = openLive({ ...screen, columns: () => columns }, false);
  live.progress(at("kill", 1));
  // deno-lint-ignore no-control-regex
  const lengths = text.replaceAll(/\x1b\[[?\d]*[a-zA-Z]/g, "").trimEnd().split("\n").map(({ length }) => length);
  assert.ok(lengths.some((length) => length > 40), "a line wraps");
  columns = 40;
  text = "";
  live.progress(at("kill", 2));
  const rows = lengths.reduce((sum, length) => sum + Math.ceil(length / columns), 0);
  assert.ok(text.includes(`\x1b[${rows}A`), JSON.stringify(text));
  assert.ok(text.endsWith("\x1b[J"), "rows below the panel are cleared");
});
