/** A comparison as one self-contained HTML page: the verdict first, the table, the plots, and each whole report. */
import type { ComparedBroker, Comparison } from "../model/comparison.ts";
import { plotsPart, reportMain } from "./html.ts";
import {
  brokersPart,
  comparisonTablePart,
  comparisonVerdict,
  foldedPart,
  regressionsPart,
} from "./page/comparison_part.ts";
import { linksPart } from "./page/guide_part.ts";
import { comparisonPlots } from "./page/comparison_plots.ts";
import { type Markup, markup } from "./page/markup.ts";
import { pageHtml } from "./page/page.ts";
import type { Plot } from "./page/plot.ts";
import { reportPlots } from "./page/report_plots.ts";

/** The whole page; it loads nothing from anywhere. */
export function comparisonHtml(comparison: Comparison): string {
  const { verdictText, brokers, tool } = comparison;
  const nested = brokers.flatMap(({ report }, place) =>
    report === undefined ? [] : reportPlots(report).map((plot) => ({ ...plot, id: `${plot.id}-${place}` }))
  );
  return pageHtml({
    title: `${verdictText}: ${brokers.map(({ name }) => name).join(", ")}`,
    main: comparisonMain(comparison),
    plots: [...comparisonPlots(comparison), ...nested],
    footer:
      `${tool.name} ${tool.version} · does an MQTT broker deliver every Last Will, once, on time, when the fleet dies?`,
  });
}

/** All between the top and the foot of the page. */
export function comparisonMain(comparison: Comparison): Markup {
  const plots: readonly Plot[] = comparisonPlots(comparison);
  return markup`${comparisonVerdict(comparison)}
${
    linksPart([
      ["compare-title", "Side by side"],
      ...plots.length > 0 ? [["plots-title", "Plots"] as const] : [],
      ["wholes-title", "Full reports"],
      ...comparison.repeat === undefined ? [] : [["repeat-title", "Command"] as const],
    ])
  }
${brokersPart(comparison)}
${regressionsPart(comparison)}
${comparisonTablePart(comparison)}
${plotsPart(plots)}
<section aria-labelledby="wholes-title"><h2 id="wholes-title">Full reports</h2>
${comparison.brokers.map(wholePart)}</section>
${repeatPart(comparison)}`;
}

function wholePart(broker: ComparedBroker, place: number): Markup {
  const { report } = broker;
  return foldedPart(broker, place, report === undefined ? markup`` : reportMain(report, reportPlots(report)));
}

function repeatPart({ repeat }: Comparison): Markup | undefined {
  if (repeat === undefined) return undefined;
  return markup`<section aria-labelledby="repeat-title"><h2 id="repeat-title">Repeat these runs</h2>
<div class="command card"><pre id="repeat" tabindex="0" aria-labelledby="repeat-title"><code>${repeat}</code></pre>
<button type="button" data-copy="repeat">Copy</button></div></section>`;
}
