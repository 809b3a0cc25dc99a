/** Every attack of the bench, in the order of the table. */
import type { Attack } from "./attack.ts";
import { keptAttacks } from "./kept_attacks.ts";
import { unreadAttacks } from "./unread_attacks.ts";

/** Only the legitimate clients, as the reference for the other lines. */
const noAttack: Attack = { name: "none", title: "no attack", run: () => Promise.resolve() };

export const attacks: readonly Attack[] = [noAttack, ...unreadAttacks, ...keptAttacks];
