/** The first seeds of those that `deno task sim` runs. */
import { simulate } from "./simulation.ts";

const seeds = 300;

Deno.test(`simulation: the broker keeps its promises in seeds 0 to ${seeds - 1}`, () => {
  for (let seed = 0; seed < seeds; seed++) {
    try {
      simulate(seed);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      throw new Error(`seed ${seed}: ${why}\nreplay with: deno task sim --seed ${seed}`, { cause: error });
    }
  }
});
