/** What leads a reader through the page: links to its parts, and what to try after a void run. */
import type { Report } from "../../model/report.ts";
import { voidAdvice } from "../../model/void_advice.ts";
import { type Markup, markup } from "./markup.ts";

/** Links to the parts of a report. @param hasPlots whether it has plots */
export function navigationPart(report: Report, hasPlots: boolean): Markup {
  const {
    faultKinds,
    thresholds = [],
    byGroup = [],
    byNode = [],
    presence,
    sparkplug,
    profile,
    faults,
    slowest,
    kills,
    wills,
  } = report;
  const parts: readonly (readonly [id: string, name: string, isThere: boolean])[] = [
    ["kinds-title", "What went wrong", faultKinds.length > 0],
    ["thresholds-title", "Thresholds", thresholds.length > 0],
    ["storms-title", "Storms", report.storms !== undefined],
    ["plots-title", "Over time", hasPlots],
    ["by-mode-title", "By kill mode", kills.total > 0 || wills.expected > 0],
    ["groups-title", "By group", byGroup.length > 0],
    ["nodes-title", "By node", byNode.length > 0],
    ["presence-title", "Presence", presence !== undefined],
    ["sparkplug-title", "Sparkplug", sparkplug !== undefined],
    ["profile-title", "Known deviations", profile !== undefined],
    ["faults-title", "Wrong wills", faults.length > 0],
    ["slowest-title", "Slowest wills", slowest.length > 0],
    ["plan-title", "Plan and command", true],
  ];
  return linksPart(parts.filter(([, , isThere]) => isThere));
}

/** A row of links to parts of the page. */
export function linksPart(parts: readonly (readonly [id: string, name: string, ...unknown[]])[]): Markup {
  return markup`<nav class="parts" aria-label="Parts of this page">${
    parts.map(([id, name]) => markup`<a href="#${id}">${name}</a>`)
  }</nav>`;
}

/** What to try after a void run. */
export function advicePart(report: Report): Markup | undefined {
  const advice = voidAdvice(report);
  if (advice.length === 0) return undefined;
  return markup`<section class="advice card" aria-labelledby="advice-title">
<h2 id="advice-title">What to try</h2>
<ul>${advice.map((sentence) => markup`<li>${sentence}</li>`)}</ul>
</section>`;
}
