/** The selectors of metrics in deploy/: those of the Grafana dashboard and of the alert rules. */
import { parse } from "yaml";

const folder = new URL("../../deploy/", import.meta.url);

/** A metric in an expression, with its label matchers. */
export interface Selector {
  /** The expression, for messages. */
  readonly expression: string;
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
  /** The labels that the expression groups by. */
  readonly groups: readonly string[];
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

/** Every expression of the dashboard, its variables included. */
export async function dashboardExpressions(): Promise<string[]> {
  const { panels, templating }: Dashboard = JSON.parse(
    await Deno.readTextFile(new URL("grafana/mqtt-sim.json", folder)),
  );
  const variables = templating.list.flatMap(({ query }) => typeof query === "string" ? [] : [query.query]);
  return [...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...variables];
}

/** Every expression of the alert rules. */
export async function ruleExpressions(): Promise<string[]> {
  const { groups }: { groups: { rules: { expr: string }[] }[] } = parse(
    await Deno.readTextFile(new URL("prometheus/rules.yml", folder)),
  );
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}

/** Every series of the tests of the rules. */
export async function ruleTestSeries(): Promise<string[]> {
  const { tests }: { tests: { input_series: { series: string }[] }[] } = parse(
    await Deno.readTextFile(new URL("prometheus/rules_test.yml", folder)),
  );
  return tests.flatMap(({ input_series }) => input_series.map(({ series }) => series));
}

/** The selectors of an expression. */
export function selectorsIn(expression: string): Selector[] {
  const groups = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(/, */));
  return [...expression.matchAll(/\b(mqtt_sim_\w+)(?:\{([^}]*)\})?/g)].map(([, name = "", inside = ""]) => ({
    expression,
    name,
    groups,
    matchers: [...inside.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(([, label = "", operator = "", value = ""]) => ({
      ...{ label, operator, value },
    })),
  }));
}

/** The labels of each line of a scrape by the line's name, `instance` included, which a scraper adds. */
export function scrapedSeries(text: string): Map<string, Map<string, Set<string>>> {
  const series = new Map<string, Map<string, Set<string>>>();
  for (const line of text.split("\n")) {
    const [, name, inside = ""] = line.match(/^(mqtt_sim_\w+)(?:\{(.*)\})? \S+$/) ?? [];
    if (name === undefined) continue;
    const labels = series.get(name) ?? new Map<string, Set<string>>([["instance", new Set()]]);
    for (const [, label = "", value = ""] of inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels.set(label, (labels.get(label) ?? new Set()).add(value));
    }
    series.set(name, labels);
  }
  return series;
}

/** Labels with a fixed list of values. */
const closed = ["verdict", "kind", "phase"];

/** The faults of selectors, each as a sentence: an unknown metric, label or value. */
export function selectorFaults(selectors: readonly Selector[], series: ReturnType<typeof scrapedSeries>): string[] {
  return selectors.flatMap(({ name, matchers, groups, expression }) => {
    const labels = series.get(name);
    if (labels === undefined) return [`no scrape has ${name}: ${expression}`];
    const used = [...matchers.map(({ label }) => label), ...groups].filter((label) => !labels.has(label));
    const values = matchers.flatMap(({ label, value }) =>
      closed.includes(label) ? value.split("|").filter((each) => !labels.get(label)?.has(each)) : []
    );
    return [
      ...used.map((label) => `${name} has no label ${label}: ${expression}`),
      ...values.map((value) => `${name} has no value ${value}: ${expression}`),
    ];
  });
}
