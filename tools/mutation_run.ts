/** The mutants of a file and its tests: first tried in few processes, then the undecided ones in one process each. */
import type { Tried } from "./equivalents.ts";
import { type Mutant, mutate } from "./mutants.ts";
import { keyOf, type OutcomeStore } from "./outcome_store.ts";
import type { Workspace } from "./trial.ts";

/** One file's tests, as the plan has them. */
export interface Target {
  /** Groups of test files, each for a separate run. */
  readonly tests: readonly string[][];
  /** The functions, classes and constants to mutate; all when absent. */
  readonly within?: readonly string[];
}

export class MutationRun {
  readonly #spaces: readonly Workspace[];
  readonly #store: OutcomeStore;

  constructor(spaces: readonly Workspace[], store: OutcomeStore) {
    this.#spaces = spaces;
    this.#store = store;
  }

  async tryAll(file: string, { tests, within }: Target, all: readonly Mutant[]): Promise<Tried[]> {
    const text = this.#spaces[0]!.read(file);
    const mutants = all.filter((mutant) => within === undefined || mutant.within.some((name) => within.includes(name)));
    const testTexts = tests.flat().map((path) => this.#spaces[0]!.read(path));
    const open = mutants.filter((mutant) => this.#store.get(keyOf(text, mutant, testTexts)) === undefined);
    if (open.length > 0) await this.#tryOpen(file, text, tests, open, testTexts);
    return mutants.map((mutant) => ({ mutant, outcome: this.#store.get(keyOf(text, mutant, testTexts))! }));
  }

  async #tryOpen(
    file: string,
    text: string,
    tests: readonly string[][],
    open: readonly Mutant[],
    testTexts: readonly string[],
  ): Promise<void> {
    const limitsMs = await this.#limits(file, text, tests);
    const killed = new Set<Mutant>();
    await Promise.all(this.#spaces.map(async (space, at) => {
      const share = open.filter((_, number) => number % this.#spaces.length === at);
      for (const mutant of await space.tryMany(file, text, share, tests)) {
        killed.add(mutant);
        this.#store.set(keyOf(text, mutant, testTexts), "killed");
      }
    }));
    const queue = open.filter((mutant) => !killed.has(mutant));
    await Promise.all(this.#spaces.map(async (space) => {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        // deno-lint-ignore no-await-in-loop
        const outcome = await space.try(file, mutate(text, mutant), tests, limitsMs);
        this.#store.set(keyOf(text, mutant, testTexts), outcome);
      }
    }));
  }

  /** The original must pass; a mutant gets several times as long as that takes, for the machine may be busy. */
  async #limits(file: string, text: string, tests: readonly string[][]): Promise<number[]> {
    const limits: number[] = [];
    for (const files of tests) {
      const fromMs = performance.now();
      // deno-lint-ignore no-await-in-loop
      const outcome = await this.#spaces[0]!.try(file, text, [files], [300_000]);
      if (outcome !== "survived") throw new Error(`${file}: ${files.join(" ")} fail without a mutant`);
      limits.push(10_000 + 4 * (performance.now() - fromMs));
    }
    return limits;
  }
}
