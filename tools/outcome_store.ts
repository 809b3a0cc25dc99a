/** Outcomes of earlier trials: a stopped run continues, and does not try an unchanged mutant twice. */
import { createHash } from "node:crypto";
import { type Mutant, mutate } from "./mutants.ts";
import type { Outcome } from "./trial.ts";

const folder = ".mutation";
const path = `${folder}/outcomes.jsonl`;

export class OutcomeStore {
  readonly #known = new Map<string, Outcome>();

  /** @param fresh to forget the stored outcomes */
  constructor(fresh: boolean) {
    Deno.mkdirSync(folder, { recursive: true });
    if (fresh) Deno.writeTextFileSync(path, "");
    for (const line of readLines()) {
      const [key, outcome] = JSON.parse(line);
      this.#known.set(key, outcome);
    }
  }

  get(key: string): Outcome | undefined {
    return this.#known.get(key);
  }

  set(key: string, outcome: Outcome): void {
    this.#known.set(key, outcome);
    Deno.writeTextFileSync(path, `${JSON.stringify([key, outcome])}\n`, { append: true });
  }
}

/**
 * A mutant's key: the mutated text and the texts of its tests. A change in another source file does not change it:
 * `--fresh` tries every mutant again.
 */
export function keyOf(text: string, mutant: Mutant, testTexts: readonly string[]): string {
  const hash = createHash("sha256").update(mutate(text, mutant));
  for (const each of testTexts) hash.update("\0").update(each);
  return hash.digest("hex").slice(0, 32);
}

function readLines(): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
