/** One row of the set of trials of runs in parts. */
import type { Peer } from "../../../support/brokers/peers.ts";
import type { Outcome } from "./stage.ts";

export interface Trial {
  /** For `--only`. */
  readonly name: string;
  /** The row of the table "Losses" of docs/parts.md, or the section that states it. */
  readonly event: string;
  /** The sentence of that row, which a user reads when it occurs. */
  readonly sentence?: RegExp;
  /** True where CI runs it; the others run by `deno task trial:parts`. */
  readonly ci: boolean;
  readonly needs: readonly Peer[];
  /** Seconds that it takes at most. */
  readonly limitS: number;
  /** Runs it; throws where an end is not the expected one. */
  run(): Promise<Outcome>;
}
