/**
 * The phases of a squad, and every legal transition between them. The phases are plain data, in `result/run_phase.ts`:
 * recordings and charts name them. Clean-up after the last phase takes some turns more, in which the phase stays.
 */
import { nextState, type StateTable } from "../../base/state_table.ts";
import type { SquadPhase } from "../result/run_phase.ts";

/** The events that move a squad from one phase to the next. */
export type SquadEvent =
  /** Every watcher has its subscription. */
  | "watched"
  /** The watchers have seen the canaries, before the instant at which the clients have to connect. */
  | "seen-early"
  /** The watchers have seen the canaries; the clients have to connect now. */
  | "seen"
  /** The instant at which the clients have to connect has passed. */
  | "start"
  /** All clients of all squads are connected. */
  | "ready"
  /** The schedule is at its end, or the run is interrupted: no more kills. */
  | "end-kills"
  /** Every due will has arrived, or the squad waits for it no longer. */
  | "settled"
  /** The clients have left, and a late subscriber has retained wills to look for. */
  | "look"
  /** The squad has no task left, or the run is void or interrupted. */
  | "finish";

/** By phase and event, the next phase. */
export const squadPhases: StateTable<SquadPhase, SquadEvent> = {
  "watch": { watched: "control", finish: "done" },
  "control": { "seen-early": "wait", "seen": "connect", "finish": "done" },
  "wait": { start: "connect", finish: "done" },
  "connect": { "ready": "kill", "end-kills": "drain", "finish": "done" },
  "kill": { "end-kills": "drain", "finish": "done" },
  "drain": { settled: "leave", finish: "done" },
  "leave": { look: "look", finish: "done" },
  "look": { finish: "done" },
  "done": {},
};

/** @throws InvariantError when the event is illegal in the phase */
export function nextSquadPhase(phase: SquadPhase, event: SquadEvent): SquadPhase {
  return nextState("a squad", squadPhases, phase, event);
}
