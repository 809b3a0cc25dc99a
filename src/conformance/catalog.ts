/**
 * Every case there is. A case is added in one of these lists; a list is added here.
 */
import type { ConformanceCase } from "./case.ts";
import { willDelayCases } from "./cases/will_delay.ts";
import { willEndingCases } from "./cases/will_ending.ts";
import { willMalformedCases } from "./cases/will_malformed.ts";

/** The catalog, in the order in which it is shown. */
export const catalog: readonly ConformanceCase[] = [
  ...willEndingCases,
  ...willDelayCases,
  ...willMalformedCases,
];
