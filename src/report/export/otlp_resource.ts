/** The parts that OTLP's metrics and traces have in common: resource, scope, attributes and instants. */
import type { LiveRun } from "../html/live_page.ts";

/** The name of the program and of its instrumentation. */
const serviceName = "mqtt-sim";

/** One attribute in OTLP's JSON form. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** The source of an export. */
export interface OtlpResource {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
}

/** The resource of a run. */
export function resourceOf({ plan, target, tool }: LiveRun): OtlpResource {
  return {
    resource: {
      attributes: attributesOf({
        "service.name": serviceName,
        "service.version": tool.version,
        "service.instance.id": plan.run,
        "mqtt_sim.run": plan.run,
        "mqtt_sim.scenario": plan.scenario ?? "steady",
        "mqtt_sim.target": target,
      }),
    },
  };
}

/** The instrumentation that made an export. */
export function scopeOf({ resource }: OtlpResource) {
  const version = resource.attributes.find(({ key }) => key === "service.version")?.value;
  return {
    name: serviceName,
    ...version !== undefined && "stringValue" in version && { version: version.stringValue },
  };
}

/** Names and values as attributes; whole numbers are integers. */
export function attributesOf(values: Readonly<Record<string, string | number>>): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}

/** An instant in milliseconds since 1970, with fractions, as OTLP's nanoseconds. */
export function nanosOf(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}
