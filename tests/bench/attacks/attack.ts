/** One attack of the bench. */
import type { AttackRig } from "./attack_rig.ts";

export interface Attack {
  readonly name: string;
  /** The attacker's traffic, as a text for the table. */
  readonly title: string;
  /** The number of the fault in tests/attack, where the audit listed it. */
  readonly fault?: string;
  /** Returns when the attack has no more to send; the bench calls `rig.stop` when the time is over. */
  run(rig: AttackRig): Promise<void>;
}
