/** The ledger emits each life once when it is judged; the rows agree with the tally. */
import assert from "node:assert/strict";
import type { LifeRow } from "../../../src/fleet/ledger/life_row.ts";
import { EveryNth, FleetStage } from "../../support/fleet_stage.ts";

Deno.test("life row: the rows of lives add up to the result, for each kind of fault", () => {
  const lost = new EveryNth(4);
  const stage = new FleetStage({
    groups: [{ name: "left", share: 3 }, { name: "right", share: 1 }],
    killShares: [{ mode: "reset", weight: 3 }, { mode: "leave", weight: 1 }],
    killRate: { kind: "fraction", perSecond: 0.5 },
    durationMs: 10_000,
    script: { publish: (will) => lost.pick(will) ? [] : [{}] },
  });
  const rows: LifeRow[] = [];
  stage.squad.ledger.onLife = (row) => rows.push(row);
  const { wills, kills, clients } = stage.finish();
  const count = (holds: (row: LifeRow) => boolean) => rows.filter(holds).length;
  assert.ok(lost.picked > 5);
  assert.equal(rows.length, clients.connected + clients.reconnects);
  assert.equal(new Set(rows.map(({ client, incarnation }) => `${client} ${incarnation}`)).size, rows.length);
  assert.equal(count(({ mode }) => mode !== "alive"), kills.total);
  for (const verdict of ["onTime", "missing", "late"] as const) {
    assert.equal(count((row) => row.verdict === verdict), wills[verdict], verdict);
  }
  assert.equal(wills.missing, lost.picked);
  assert.equal(count(({ verdict }) => verdict === "none"), rows.length - wills.expected);
  assert.equal(count(({ latencyMs }) => latencyMs !== undefined), wills.onTime);
  const right = new Set(rows.filter(({ group }) => group === "right").map(({ client }) => client));
  assert.equal(right.size, 5);
});
