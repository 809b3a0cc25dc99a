/** A state machine as a table: by state and event, the next state. */
import { InvariantError } from "./failure.ts";

/** Every legal transition. An event that is not listed under a state is illegal there. */
export type StateTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/**
 * The state after an event.
 *
 * @param what whose states they are, for the error
 * @throws InvariantError when the event is illegal in the state
 */
export function nextState<State extends string, Event extends string>(
  what: string,
  table: StateTable<State, Event>,
  from: State,
  event: Event,
): State {
  const next = table[from][event];
  if (next !== undefined) return next;
  throw new InvariantError(`${what} has no event "${event}" in state "${from}"`);
}
