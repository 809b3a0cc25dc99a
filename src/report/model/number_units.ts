/** What a number of a report counts: its unit, by its path, and the number that it is a share of. */

/** The unit of a number. */
export type Unit = "ms" | "s" | "B" | "/s" | "";

/** Figures of a distribution of times. */
const figure = /^(min|mean|max|p\d+)$/;

/** The unit of the number at a path; empty for a count. */
export function unitAt(path: string): Unit {
  const words = path.split(".");
  const last = words.at(-1)!;
  const isTime = words.slice(0, -1).some((word) => word.endsWith("Ms") || word === "series");
  if (isTime && figure.test(last)) return "ms";
  if (/Ms(Per[A-Z]\w*)?$/.test(last) || /Ms$/.test(words.at(-2) ?? "")) return last === "count" ? "" : "ms";
  if (/[a-z]S$/.test(last)) return "s";
  if (/Bytes$|^bytesPer/.test(last)) return "B";
  return /perSecond$/i.test(last) ? "/s" : "";
}

const factors: Readonly<Record<string, readonly [unit: Unit, factor: number]>> = {
  us: ["ms", 0.001],
  µs: ["ms", 0.001],
  ms: ["ms", 1],
  s: ["ms", 1_000],
  m: ["ms", 60_000],
  h: ["ms", 3_600_000],
  B: ["B", 1],
  kB: ["B", 1_000],
  MB: ["B", 1_000_000],
  GB: ["B", 1_000_000_000],
  KiB: ["B", 1_024],
  MiB: ["B", 1_048_576],
  GiB: ["B", 1_073_741_824],
  "/s": ["/s", 1],
};

/** The units that a number may be written in, for an error. */
export function unitsFor(unit: Unit): string {
  if (unit === "") return "a number without a unit";
  if (unit === "/s") return "a number, or one such as 50/s";
  return unit === "B" ? "bytes, or a number such as 64KiB or 1.5MiB" : "a time such as 250us, 20ms or 1.5s";
}

/** A number with a unit in the unit of its path; undefined where the unit does not fit. */
export function inUnit(value: number, written: string, unit: Unit): number | undefined {
  const [kind, factor] = factors[written] ?? [];
  if (factor === undefined) return undefined;
  if (unit === "s" && kind === "ms") return value * factor / 1_000;
  return kind === unit ? value * factor : undefined;
}

const willCount = "(?:onTime|late|early|missing|altered|duplicate|unwanted|deviating)";
const willTable = "(?:wills|kills\\.byMode\\.[^.]+|restarts\\.lives|byGroup\\.[^.]+)";

/** Which numbers are shares, each with the number that is 100 %. */
const shares: readonly (readonly [path: RegExp, whole: string])[] = [
  [new RegExp(`^(${willTable})\\.${willCount}$`), "$1.expected"],
  [/^kills\.deferred$/, "kills.total"],
  [/^clients\.(?:connected|peakAlive)$/, "clients.asked"],
  [/^controls\.(?:blind|lost|altered|late|duplicate|deviating)$/, "controls.total"],
  [/^retained\.(?:right|wrong|missing)$/, "retained.expected"],
  [/^(presence(?:\.byMoment\.[^.]+)?)\.(?:right|wrong|stale|unwanted|absent|altered)$/, "$1.judged"],
  [/^(presence\.(?:online|left))\.(?:acknowledged|refused|seen)$/, "$1.sent"],
  [/^(telemetry(?:\.byGroup\.[^.]+)?)\.(?:acknowledged|withheld)$/, "$1.sent"],
  [/^(sparkplug\.assertions\.[^.]+)\.broken$/, "$1.checked"],
  [/^(sparkplug\.(?:births|ownDeaths))\.seen$/, "$1.sent"],
  [/^redeliveries\.withoutDup$/, "redeliveries.total"],
  [/^(restarts\.each\.[^.]+)\.survived$/, "$1.lives"],
  [/^(storms(?:\.each\.[^.]+)?)\.seen$/, "$1.due"],
  [/^parts\.(?:void|lost)$/, "parts.of"],
];

/** The path of the number that is 100 % of the one at a path; undefined where it is no share. */
export function wholeOf(path: string): string | undefined {
  const found = shares.find(([form]) => form.test(path));
  return found === undefined ? undefined : path.replace(found[0], found[1]);
}
