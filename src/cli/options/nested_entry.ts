/**
 * Entries of a config file that have entries of their own: a map under a name, or a list of maps. They have no flag.
 */
import { z } from "zod";
import type { Entries, Entry } from "./setting.ts";

type Values = Readonly<Record<string, unknown>>;

/** A rule over the entries of one map: the entries, the check of their combination, and the allowed values. */
export interface MapRule {
  readonly at?: string;
  readonly goes: (values: Values) => boolean;
  readonly sentence: string;
}

/** The allowed content of a nested map. */
export interface MapForm {
  readonly inner: Entries;
  /** Names that must be there. */
  readonly must?: readonly string[];
  readonly rules?: readonly MapRule[];
  /** For errors: the expected value. */
  readonly allowed: string;
  readonly help: string;
}

/** The check of a map with these entries, and no others. */
export function schemaOf(entries: Entries, must: readonly string[] = []): z.ZodType<Values> {
  return z.strictObject(
    Object.fromEntries(
      [...entries].map(([name, entry]) => {
        const schema = entry.schema(name);
        return [name, must.includes(name) ? schema : schema.optional()];
      }),
    ),
  );
}

/** A map under a name. */
export function record(form: MapForm): Entry<Values> {
  const { inner, allowed, help } = form;
  return { inner, allowed, schema: () => mapOf(form).meta({ description: help }) };
}

/** A list of maps under a name. */
export function list(form: MapForm): Entry<readonly Values[]> {
  const { inner, allowed, help } = form;
  return { inner, allowed, schema: () => z.array(mapOf(form)).min(1).meta({ description: help }) };
}

/** Faults of rules are reported together with faults of single entries. */
function mapOf({ inner, must, rules = [] }: MapForm): z.ZodType<Values> {
  return rules.reduce<z.ZodType<Values>>(
    (schema, { at, goes, sentence }) =>
      schema.refine((values) => isMap(values) ? goes(values) : true, {
        error: sentence,
        ...at !== undefined && { path: [at] },
        when: () => true,
      }),
    schemaOf(inner, must),
  );
}

function isMap(values: unknown): values is Values {
  return typeof values === "object" && values !== null && !Array.isArray(values);
}
