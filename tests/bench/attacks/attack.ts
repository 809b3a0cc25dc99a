/** One attack as the bench lists it. */
import type { AttackRig } from "./attack_rig.ts";

export interface Attack {
  readonly name: string;
  /** What the attacker sends, for the reader of the table. */
  readonly title: string;
  /** The number of the fault in tests/attack, where the audit listed it. */
  readonly fault?: string;
  /** Returns when there is nothing more to send; the bench calls `rig.stop` when the time is over. */
  run(rig: AttackRig): Promise<void>;
}
