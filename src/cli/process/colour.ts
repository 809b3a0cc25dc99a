/**
 * Whether a stream has colours, and whether the cursor of its terminal can be moved.
 */

/** The values of `--color`. */
export const colourChoices = ["auto", "always", "never"] as const;

/** A value of `--color`. */
export type ColourChoice = typeof colourChoices[number];

/** The variables that decide where `--color` does not. */
export interface ColourVariables {
  /** NO_COLOR with any text. */
  readonly noColour: boolean;
  /** FORCE_COLOR; empty counts as absent. */
  readonly force?: string | undefined;
  /** TERM. */
  readonly term?: string | undefined;
}

/**
 * Whether to use colours. The first of these decides: `--color`, NO_COLOR, FORCE_COLOR, TERM=dumb, and last whether the
 * stream is a terminal.
 */
export function usesColour(
  choice: ColourChoice,
  { noColour, force = "", term }: ColourVariables,
  isTerminal: boolean,
): boolean {
  if (choice !== "auto") return choice === "always";
  if (noColour) return false;
  if (force !== "") return force !== "0" && force !== "false";
  return isTerminal && term !== "dumb";
}

/** Whether the cursor can be moved: on a terminal, except where TERM is dumb. */
export function canMove({ term }: ColourVariables, isTerminal: boolean): boolean {
  return isTerminal && term !== "dumb";
}

/** The variables of this process; absent where the runtime does not permit to read them. */
export function colourVariables(): ColourVariables {
  return { noColour: Deno.noColor, force: variable("FORCE_COLOR"), term: variable("TERM") };
}

function variable(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name);
}
