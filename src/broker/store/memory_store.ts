/** The store that keeps nothing: what the broker holds ends with it. */
import type { Store } from "./store.ts";

/** Costs nothing, and outlives nothing. */
export const memoryStore: Store = {
  place: "memory",
  changes: undefined,
  load: () => undefined,
  commit() {},
  close() {},
};
