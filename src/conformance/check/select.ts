/**
 * Which cases of the catalog are run, and in which versions.
 */
import { UsageError } from "../../base/failure.ts";
import { areaOf, areas, type ConformanceCase } from "../case/case.ts";
import { type Protocol, protocols } from "../model/protocol.ts";

/** The user's selection; absent fields exclude nothing. */
export interface Selection {
  /** Areas, ids, or prefixes of ids: `will`, `will/takeover`, `will/to`. */
  readonly only?: readonly string[] | undefined;
  /** Numbers of statements, such as `3.1.2-22`; with a version in front, `5.0:3.1.2-22`, only in that version. */
  readonly rules?: readonly string[] | undefined;
  /** The MQTT versions of the cases. Default: both. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** Leaves out the cases that wait for the standard's own seconds. */
  readonly quick?: boolean | undefined;
}

/** A case in one version. */
export interface CaseRun {
  readonly one: ConformanceCase;
  readonly protocol: Protocol;
}

/** The selected runs. @throws UsageError when a name or number matches nothing, or no run is left */
export function selectCases(catalog: readonly ConformanceCase[], selection: Selection = {}): CaseRun[] {
  const { only = [], rules = [], quick = false } = selection;
  const all = catalog.flatMap((one) =>
    protocols.filter((protocol) => one.rules[protocol] !== undefined).map((protocol) => ({ one, protocol }))
  );
  for (const name of only) {
    if (!all.some((run) => isNamed(run, name))) {
      const known = Object.keys(areas).filter((area) => area !== "broker").join(", ");
      throw new UsageError(
        `Cannot use --only "${name}": expected the id of a case, the beginning of one, or an area (${known})`,
      );
    }
  }
  for (const rule of rules) {
    if (all.some((run) => goesBy(run, rule))) continue;
    throw new UsageError(
      `Cannot use --rule "${rule}": no case tests it; expected a number such as 3.1.2-22, or 5.0:3.1.2-22`,
    );
  }
  const isNamedAtAll = only.length > 0 || rules.length > 0;
  const left = all
    .filter(({ one }) => isNamedAtAll || areaOf(one) !== "sparkplug")
    .filter((run) => only.length === 0 || only.some((name) => isNamed(run, name)))
    .filter((run) => rules.length === 0 || rules.some((rule) => goesBy(run, rule)))
    .filter(({ protocol }) => (selection.protocols ?? protocols).includes(protocol))
    .filter(({ one }) => !quick || (one.time !== "clock" && one.needs?.includes("restart") !== true));
  if (left.length === 0) throw new UsageError("Cannot run a check without cases: the flags select none");
  return left;
}

function isNamed({ one: { id } }: CaseRun, name: string): boolean {
  return name !== "" && id.startsWith(name);
}

function goesBy({ one, protocol }: CaseRun, rule: string): boolean {
  const [version, number] = rule.includes(":") ? rule.split(":") : [protocol, rule];
  return version === protocol && one.rules[protocol]!.includes(number!);
}
