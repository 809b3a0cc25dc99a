/** The next run for a part that stays: one that gathers its parts, whose name has the form, and that is new to it. */
import type { Beat } from "../../parts/message.ts";
import type { PartEnd } from "../../parts/part.ts";

/** The run that a process joins after one that has ended so: a step that ended early is not the end of a search. */
export function followingRun({ exitCode }: PartEnd, next: string | undefined): string | undefined {
  return exitCode === 2 || exitCode === 130 ? undefined : next;
}

/** True where a name has a form, in which `*` stands for any letters, digits and hyphens. */
export function isNamed(name: string, form: string): boolean {
  const parts = form.split("*").map((part) => part.replace(/[^0-9A-Za-z-]/g, "\\$&"));
  return new RegExp(`^${parts.join("[0-9A-Za-z-]*")}$`).test(name);
}

export class NextRun {
  readonly #form: string;
  /** The runs that it has joined or that began without it. */
  readonly #known = new Set<string>();
  #found: string | undefined;

  constructor(form: string) {
    this.#form = form;
  }

  /** A beat of any run. */
  beat({ run, state }: Beat): void {
    if (run === undefined || this.#known.has(run) || !isNamed(run, this.#form)) return;
    if (state === "gather") this.#found ??= run;
    else this.#known.add(run);
  }

  /** The run to join, once: the next call has another. */
  take(): string | undefined {
    const run = this.#found;
    this.#found = undefined;
    if (run === undefined || this.#known.has(run)) return undefined;
    this.#known.add(run);
    return run;
  }
}
