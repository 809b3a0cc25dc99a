/** The report as one self-contained HTML page: the verdict first, then its evidence. */
import type { Report } from "../model/report.ts";
import { reportTiles, reportVerdict, tilesPart } from "./page/head_part.ts";
import { groupPart, nodePart } from "./page/group_part.ts";
import { faultKindPart, livesPart } from "./page/lives_part.ts";
import { type Markup, markup } from "./page/markup.ts";
import { modePart, thresholdPart } from "./page/mode_part.ts";
import { pageHtml } from "./page/page.ts";
import { isBareVoid } from "../model/void_advice.ts";
import { advicePart, navigationPart } from "./page/guide_part.ts";
import { profilePart } from "./page/profile_part.ts";
import { planPart } from "./page/plan_part.ts";
import { presencePart } from "./page/presence_part.ts";
import { sparkplugPart } from "./page/sparkplug/sparkplug_part.ts";
import { type Plot, plotFigure } from "./page/plot.ts";
import { stormPart } from "./page/storm/storm_part.ts";
import { reportPlots } from "./page/report_plots.ts";
import { marksKey } from "./page/time_marks.ts";

/** The whole page; it loads nothing from anywhere. */
export function reportHtml(report: Report): string {
  const plots = reportPlots(report);
  return pageHtml({
    title: reportTitle(report),
    main: reportMain(report, plots),
    plots,
    footer:
      `${report.tool.name} ${report.tool.version} · does an MQTT broker deliver every Last Will, once, on time, when the fleet dies?`,
  });
}

/** The title of the browser's tab. */
export function reportTitle({ verdictText, run }: Report): string {
  return `${verdictText}: ${run.target}, run ${run.id}`;
}

/** All between the top and the foot of the page. */
export function reportMain(report: Report, plots: readonly Plot[]): Markup {
  if (isBareVoid(report)) {
    return markup`${reportVerdict(report)}
${advicePart(report)}
${warningPart(report)}
${planPart(report)}`;
  }
  return markup`${reportVerdict(report)}
${navigationPart(report, plots.length > 0)}
${advicePart(report)}
${tilesPart(reportTiles(report))}
${faultKindPart(report)}
${thresholdPart(report)}
${warningPart(report)}
${stormPart(report)}
${plotsPart(plots)}
${modePart(report)}
${groupPart(report)}
${nodePart(report)}
${presencePart(report)}
${sparkplugPart(report)}
${profilePart(report)}
${livesPart(report)}
${planPart(report)}`;
}

function warningPart({ warnings }: Report): Markup | undefined {
  if (warnings.length === 0) return undefined;
  return markup`
    <section class="warnings card" aria-labelledby="warnings-title">
      <h2 id="warnings-title">Notes on this report</h2>
      <ul>${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul>
    </section>
  `;
}

/** The plots, one after another. */
export function plotsPart(plots: readonly Plot[], title = "Progress"): Markup | undefined {
  if (plots.length === 0) return undefined;
  return markup`
    <section aria-labelledby="plots-title">
      <h2 id="plots-title">${title}</h2>
      <p class="note hint">Point at a plot, or focus it and press ← or →, to read its values.</p>
      ${marksKey(plots.find(({ marks }) => marks !== undefined)?.marks ?? [])}
      <div class="plots">${plots.map(plotFigure)}</div>
    </section>
  `;
}
