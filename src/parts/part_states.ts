/** The states of a part, and how events change them. */
import type { StateTable } from "../base/state_table.ts";
import type { PartState } from "./message.ts";

/** A state of a part. */
export type State = "join" | "check" | "gathered" | "connect" | "ready" | "kill" | "save" | "done" | "fault" | "over";
/** What changes it. */
export type PartEvent =
  | "seat"
  | "fit"
  | "again"
  | "go-connect"
  | "connected"
  | "go"
  | "finished"
  | "saved"
  | "fault"
  | "end";

/** The next state. */
export const partTable: StateTable<State, PartEvent> = {
  join: { seat: "check", again: "join", end: "over" },
  check: { fit: "gathered", again: "join", fault: "fault", end: "over" },
  gathered: { again: "join", "go-connect": "connect", end: "over" },
  connect: { connected: "ready", finished: "save", fault: "fault" },
  ready: { go: "kill", finished: "save", fault: "fault" },
  kill: { finished: "save", fault: "fault" },
  save: { saved: "done", end: "over" },
  done: { end: "over" },
  fault: { end: "over" },
  over: {},
};

/** The states as the coordinator sees them. */
export const shownStates: Readonly<Partial<Record<State, PartState>>> = {
  check: "check",
  gathered: "gathered",
  connect: "connect",
  ready: "ready",
  kill: "kill",
  save: "kill",
  done: "done",
};

/** The states in their order. */
export const states: readonly State[] = [
  "join",
  "check",
  "gathered",
  "connect",
  "ready",
  "kill",
  "save",
  "done",
  "fault",
  "over",
];
