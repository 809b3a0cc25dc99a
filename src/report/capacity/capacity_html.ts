/** A search for capacities as one self-contained HTML page: the numbers, the curves, and the steps. */
import { formatCount, formatElapsed, formatMs } from "../../base/units.ts";
import { curveOf, loadText } from "../../fleet/capacity/find_capacity.ts";
import { stepFaults } from "../../fleet/capacity/step_outcome.ts";
import { plotsPart } from "../html/html.ts";
import { type Tile, tilesPart, type VerdictKind, verdictPart } from "../html/page/head_part.ts";
import { type Markup, markup } from "../html/page/markup.ts";
import { pageHtml } from "../html/page/page.ts";
import { drawableMs, type Plot } from "../html/page/plot.ts";
import { type BrokerCapacity, type CapacityReport, capacityText, kneeText, outcomeWords } from "./capacity_report.ts";
import { capacityCell, stepWord } from "./capacity_text.ts";

/** The whole page; it loads nothing from anywhere. */
export function capacityHtml(report: CapacityReport): string {
  const { tool, brokers } = report;
  const plots = capacityPlots(brokers);
  return pageHtml({
    title: `Capacity: ${brokers.map(({ name }) => name).join(", ")}`,
    main: markup`${head(report)}
${warningsPart(report)}
${plotsPart(plots, "Curve")}
${brokers.map(stepsPart)}
${repeatPart(report)}`,
    plots,
    footer:
      `${tool.name} ${tool.version} · how many dying clients a second an MQTT broker serves with their Last Wills`,
  });
}

const kinds: Readonly<Record<BrokerCapacity["outcome"], VerdictKind>> = {
  found: "pass",
  reached: "pass",
  none: "fail",
  generator: "void",
  void: "void",
  interrupted: "void",
};

function head({ brokers, conditions, seed }: CapacityReport): Markup {
  const [first] = brokers;
  if (first === undefined) return verdictPart("void", "interrupted", "interrupted before the first search", []);
  const facts = [
    `a load holds if: ${conditions.join(", ")}`,
    `${first.startedAt.slice(0, 16).replace("T", " ")} UTC`,
    `took ${formatElapsed(brokers.reduce((sum, { durationMs }) => sum + durationMs, 0))}`,
    `seed ${seed}`,
  ];
  const alone = brokers.length === 1;
  const kind = alone || brokers.every(({ outcome }) => outcome === first.outcome) ? kinds[first.outcome] : "deviating";
  const word = alone ? outcomeWords[first.outcome].toLowerCase() : `capacity of ${brokers.length} brokers`;
  const found = brokers.filter(({ capacity }) => capacity !== undefined).length;
  const reason = alone
    ? capacityText(first)
    : `${found} of ${brokers.length} brokers have a number${
      brokers.some(({ outcome }) => outcome === "generator") ? "; where the generator was the limit there is none" : ""
    }`;
  return markup`${verdictPart(kind, word, reason, facts)}
${tilesPart(alone ? tilesOf(first) : brokers.map(brokerTile))}`;
}

function brokerTile(broker: BrokerCapacity): Tile {
  const { name, capacity, settings } = broker;
  return {
    name,
    value: capacity === undefined ? "no number" : loadText(capacity.value, settings),
    note: capacity === undefined
      ? capacityText(broker)
      : `between ${formatCount(capacity.held)} and ${formatCount(capacity.over)}: ${broker.reason}`,
  };
}

function tilesOf(broker: BrokerCapacity): Tile[] {
  const { steps, settings, atLeast, capacity } = broker;
  return [
    {
      name: "Capacity",
      value: capacity === undefined ? "no number" : loadText(capacity.value, settings),
      note: capacityCell(broker),
    },
    {
      name: "Highest load that held",
      value: capacity === undefined && atLeast === undefined ? "–" : loadText(capacity?.held ?? atLeast!, settings),
      note: capacity === undefined ? "a lower bound" : "the lower end of the interval",
    },
    {
      name: "Knee of the curve",
      value: kneeText(broker).split(",").slice(0, -1).join(",") || "–",
      note: kneeText(broker),
    },
    { name: "Steps", value: formatCount(steps.length), note: "each a run with its own clients" },
  ];
}

function warningsPart({ warnings }: CapacityReport): Markup | undefined {
  if (warnings.length === 0) return undefined;
  return markup`<div class="warnings card"><h2>Notes on this search</h2><ul>${
    warnings.map((each) => markup`<li>${each}</li>`)
  }</ul></div>`;
}

/** p99 of each broker by load, and the faults; for one broker p50 too. */
export function capacityPlots(brokers: readonly BrokerCapacity[]): Plot[] {
  const drawn = brokers.filter(({ steps }) => steps.length > 0);
  const [first] = drawn;
  if (first === undefined) return [];
  const unit = first.settings.of === "rate" ? "Kills a second" : "Clients that die at once";
  const loads = [...new Set(drawn.flatMap(({ steps }) => steps.map(({ load }) => load)))].toSorted((a, b) => a - b);
  const lineOf = (points: readonly (readonly [number, number])[]) => {
    const at = new Map(points);
    return loads.map((load) => at.get(load) ?? null);
  };
  const curves = drawn.map(({ name, steps }) => ({ name, curve: curveOf(steps), steps }));
  const named = curves.map(({ name }, look) => ({ label: drawn.length === 1 ? "p99" : name, look }));
  const p99 = curves.map(({ curve }) => lineOf(curve.map(({ load, p99 }) => [load, drawableMs(p99)])));
  const p50 = curves.map(({ curve }) => lineOf(curve.map(({ load, p50 }) => [load, drawableMs(p50)])));
  const faults = curves.map(({ steps }) => lineOf(steps.map((step) => [step.load, stepFaults(step)])));
  const one = drawn.length === 1;
  return [
    {
      id: "capacity-latency",
      title: one ? "Latency by load" : "Latency p99 by load",
      note: `${unit}, and the latency of their wills from the scheduled instants of the kills.`,
      x: "load",
      unit: "ms",
      lines: one ? [...named, { label: "p50", look: 1 }] : named,
      data: [loads, ...p99, ...one ? p50 : []],
    },
    {
      id: "capacity-faults",
      title: "Wrong wills by load",
      note:
        "A step ends at its first fault, so that the number says that there were any, and not how many there would be.",
      x: "load",
      unit: "count",
      lines: named.map((line) => ({ ...line, label: one ? "wrong wills" : line.label })),
      data: [loads, ...faults],
    },
  ];
}

function stepsPart(broker: BrokerCapacity, place: number): Markup | undefined {
  const { name, steps, settings } = broker;
  if (steps.length === 0) return undefined;
  const rows = steps.map((step) =>
    markup`<tr><th scope="row">${loadText(step.load, settings)}</th><td>${formatCount(step.kills)}</td><td>${
      formatMs(step.latencyMs?.p50 ?? NaN)
    }</td><td>${formatMs(step.latencyMs?.p99 ?? NaN)}</td><td>${formatMs(step.slipMs?.p99 ?? NaN)}</td><td>${
      formatCount(stepFaults(step))
    }</td><td>${stepWord(step.outcome)}${step.attempt > 1 ? ", again" : ""}</td></tr>
`
  );
  return markup`<section aria-labelledby="steps-${place}"><h2 id="steps-${place}">Steps on ${name}</h2>
<p class="note">${capacityText(broker)}. Knee of the curve: ${kneeText(broker)}.</p>
<div class="card scroll" role="region" aria-labelledby="steps-${place}" tabindex="0"><table>
<thead><tr><th scope="col">load</th><th scope="col">kills</th><th scope="col">p50</th><th scope="col">p99</th>
<th scope="col">generator p99</th><th scope="col">wrong wills</th><th scope="col">outcome</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

function repeatPart({ repeat }: CapacityReport): Markup {
  return markup`<section aria-labelledby="repeat-title"><h2 id="repeat-title">Repeat this search</h2>
<div class="command card"><pre id="repeat" tabindex="0" aria-labelledby="repeat-title"><code>${repeat}</code></pre>
<button type="button" data-copy="repeat">Copy</button></div></section>`;
}
