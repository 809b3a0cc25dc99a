/** A store that keeps nothing: the broker's state ends with it. */
import type { Store } from "./store.ts";

/** No cost, and no persistence. */
export const memoryStore: Store = {
  place: "memory",
  changes: undefined,
  load: () => undefined,
  commit() {},
  close() {},
};
