/** The outcome of an attack as a line of text, and as a row of a table. */
import type { AttackOutcome } from "./attack_run.ts";

const mebibyte = 1024 * 1024;

export function mib(bytes: number): string {
  return `${Math.round(bytes / mebibyte)}`;
}

export function msText(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

/** The line for a terminal. */
export function outcomeLine(outcome: AttackOutcome): string {
  const { broker, count, startBytes, peakBytes, service, counted, willMs, newClient, ended } = outcome;
  const parts = [
    broker.padEnd(9),
    `RSS ${mib(startBytes)} to ${mib(peakBytes)} MiB`,
    counted.usedBytes === undefined ? undefined : `counted ${mib(counted.usedBytes)}`,
    `sent ${mib(count?.sentBytes ?? 0)} MiB over ${count?.links ?? "?"} links, ${
      count?.refusedLogins ?? "?"
    } refused, ${count?.endedLinks ?? "?"} ended`,
    `p50 ${msText(service.p50Ms)} p99 ${msText(service.p99Ms)} max ${msText(service.maxMs)} ms of ${service.sent}`,
    service.missing + service.refused + service.ended === 0
      ? undefined
      : `${service.missing} missing, ${service.refused} refused, ${service.ended} connections ended`,
    `will ${willMs === undefined ? "none" : `${msText(willMs)} ms`}`,
    `new client ${newClient ?? "none"}`,
    limitsText(outcome),
    counted.internalErrors > 0 ? `${counted.internalErrors} INTERNAL ERRORS` : undefined,
    ended,
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("; ");
}

/** The broker's counts of refusals. */
export function limitsText({ counted }: AttackOutcome): string {
  return counted.limits.map(([limit, count]) => `${limit} ${count}`).join(", ");
}
