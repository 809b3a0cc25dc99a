/** Every attack of the bench, in the order of the table. */
import type { Attack } from "./attack.ts";
import { keptAttacks } from "./kept_attacks.ts";
import { unreadAttacks } from "./unread_attacks.ts";

/** Nothing but the legitimate clients: what the other lines are to be compared with. */
const noAttack: Attack = { name: "none", title: "no attack", run: () => Promise.resolve() };

export const attacks: readonly Attack[] = [noAttack, ...unreadAttacks, ...keptAttacks];
