/**
 * Client identifiers: those of the clients, from a template or a file, and those of the tool's own connections.
 */
import { mix } from "../../base/random.ts";
import { fieldOf, rowOf } from "./credential_rows.ts";
import type { FleetPlan } from "./plan.ts";
import { hasPlaceholder, strangeBrace, Template, templateParts } from "./template.ts";

type IdPlan = Pick<FleetPlan, "clientPrefix" | "run" | "shortClientIds" | "clientId" | "credentialRows">;

/** The client id, constant through all lives of a client. */
export function clientIdOf(plan: IdPlan, client: number): string {
  const { clientId, credentialRows: rows } = plan;
  if (rows !== undefined && rowOf(rows, client) !== undefined) return fieldOf(rows, client, "client_id")!;
  // A canary is in no file.
  if (clientId === undefined || rows !== undefined) return ownClientId(plan, String(client));
  let filled = templates.get(plan);
  if (filled === undefined) templates.set(plan, filled = templateOf(clientId, plan.run));
  return filled.fill(client);
}

function templateOf(clientId: string, run: string): Template<number> {
  return new Template(
    clientId,
    (name, client) => name === "client" ? String(client) : name === "run" ? run : undefined,
  );
}

/** The parsed template of each plan. */
const templates = new WeakMap<object, Template<number>>();

/** The client id of a connection of the tool itself, such as a watcher, or of a client without a template. */
export function ownClientId(plan: Pick<FleetPlan, "clientPrefix" | "run" | "shortClientIds">, name: string): string {
  if (!plan.shortClientIds) return `${plan.clientPrefix}-${plan.run}-${name}`;
  // At most 8 and 14 characters: any server must accept 1 to 23 letters and digits. [MQTT311 3.1.3-5] [MQTT5 3.1.3-5]
  const letters = name.replaceAll(/[^0-9A-Za-z]/g, "");
  return `${shortRun(plan)}x${letters.length > mostNameCharacters ? `h${hashOf(name)}` : letters}`;
}

const mostNameCharacters = 14;

const mostRunCharacters = 8;

/** The run id, or a hash of prefix and run id where that is too long or has other characters. */
function shortRun({ clientPrefix, run }: Pick<FleetPlan, "clientPrefix" | "run">): string {
  if (/^[0-9A-Za-z]{1,8}$/.test(run)) return run;
  return hashOf(`${clientPrefix}-${run}`).slice(0, mostRunCharacters);
}

/** At most seven letters and digits. */
function hashOf(text: string): string {
  const codes = Array.from(text, (letter) => letter.codePointAt(0)!);
  return mix(...codes as [number, ...number[]]).toString(36);
}

/** What is wrong with a template of client identifiers: what to expect; undefined for a valid one. */
export function clientIdFault(template: string): string | undefined {
  const strange = strangeBrace(template);
  if (strange !== undefined) return `{client}, {client:05} or {run} in place of ${strange}`;
  if (hasPlaceholder(template, "id", "bucket", "incarnation", "group")) return "no placeholder but {client} and {run}";
  const numbers = templateParts(template).filter((part) => typeof part !== "string" && part.name === "client");
  if (numbers.length === 0) return "{client} in it: two clients with one identifier take each other over";
  if (numbers.length > 1) return "{client} once";
  if (template.includes("\0") || new TextEncoder().encode(template).length > 1_024) {
    return "at most 1,024 bytes without NUL";
  }
  return undefined;
}
