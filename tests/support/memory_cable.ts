/** A cable between links in memory. */
import type { Cable } from "../../src/net/cable.ts";
import { MemoryLink } from "../../src/net/memory_link.ts";

export const memoryCable: Cable = {
  cut: (link) => {
    if (!(link instanceof MemoryLink)) throw new Error("a link in memory is expected");
    link.cut();
  },
  close: () => {},
};
