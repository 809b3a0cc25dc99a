/**
 * How much clients published beside their wills: plain data, squad by squad, and as one.
 */

/** Messages of telemetry. */
export interface TelemetryCounts {
  /** Messages that clients sent. */
  sent: number;
  /** By the broker; it acknowledges no QoS 0. */
  acknowledged: number;
  /** Were due, but the broker had as many unanswered of their client as a client may have. */
  withheld: number;
}

/** By the names of groups; `all` where there are none. */
export type TelemetryByGroup = Readonly<Record<string, TelemetryCounts>>;

/** All of it, and group by group. */
export interface TelemetryResult extends TelemetryCounts {
  /** The counts of each group. */
  readonly byGroup: TelemetryByGroup;
}

/** Empty counts. */
export function noTelemetry(): TelemetryCounts {
  return { sent: 0, acknowledged: 0, withheld: 0 };
}

/** Joins the counts of the squads; undefined without telemetry. */
export function mergeTelemetry(all: readonly (TelemetryByGroup | undefined)[]): TelemetryResult | undefined {
  const found = all.filter((each) => each !== undefined);
  if (found.length === 0) return undefined;
  const total = noTelemetry();
  const byGroup: Record<string, TelemetryCounts> = {};
  for (const [name, counts] of found.flatMap((each) => Object.entries(each))) {
    const group = byGroup[name] ??= noTelemetry();
    for (const key of ["sent", "acknowledged", "withheld"] as const) {
      group[key] += counts[key];
      total[key] += counts[key];
    }
  }
  return { ...total, byGroup };
}
