/** The phases of the bench of logins, as text and as a table. */
import { msText } from "../attacks/attack_table.ts";
import type { Phase } from "./login_phases.ts";

/** The text for a terminal. */
export function phaseLine({ title, storm, stormRefusals, wrong, legitimate }: Phase): string {
  const parts = [
    storm &&
    `${storm.clients} clients in after p50 ${msText(storm.p50Ms)}, p99 ${msText(storm.p99Ms)}, max ${
      msText(storm.maxMs)
    } ms, ${stormRefusals} refusals`,
    wrong && `${wrong.sent} wrong logins, ${wrong.answered} answered, ${wrong.letIn} let in`,
    `a legitimate login waits ${waits(legitimate)}`,
  ];
  return `${title}: ${parts.filter((part) => part !== undefined).join("; ")}`;
}

/** The waits of legitimate logins. */
export function waits(legitimate: Phase["legitimate"]): string {
  return legitimate.map(({ ms, refusals }) => `${msText(ms)} ms${refusals > 0 ? ` (refused ${refusals} times)` : ""}`)
    .join(", ");
}
