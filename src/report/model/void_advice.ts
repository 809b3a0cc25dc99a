/** What a reader of a void run can try next, in sentences. */
import { formatCount, formatDuration, formatRate } from "../../base/units.ts";
import { phasesDurationMs } from "../../fleet/plan/phases.ts";
import type { Report } from "./report.ts";

/** Why a run proves nothing, by what the run measured, and the way out. */
const ways: readonly {
  readonly applies: (report: Report) => boolean;
  readonly advice: (report: Report) => readonly string[];
}[] = [
  {
    applies: ({ exitCode }) => exitCode === 130,
    advice: () => ["Let the run reach the end of its plan, or give it a shorter --duration."],
  },
  {
    applies: ({ notSpoken }) => notSpoken === true,
    advice: () => ["Use a plan that the broker supports: another --protocol, or a lower --will-qos."],
  },
  {
    applies: ({ reason }) => /--username|not authorized|bad user name/i.test(reason),
    advice: () => ["Give a login that may publish and subscribe: --username and --password-file."],
  },
  {
    applies: ({ clients }) => clients.connected === 0,
    advice: ({ run: { target } }) => [
      `Check that the broker runs, and that it accepts MQTT connections at ${
        target === "embedded" ? "its address" : target
      }.`,
      "Check --url: the scheme (mqtt, mqtts, ws, wss), the host and the port.",
    ],
  },
  {
    applies: ({ generatorBound }) => generatorBound !== undefined,
    advice: () => [
      "Use fewer clients or a lower --kill-rate, so that this machine keeps up.",
      "Or run the fleet on several machines: --shard, and mqtt-sim report merge.",
    ],
  },
  {
    applies: ({ kills }) => kills.total === 0,
    advice: ({ plan }) => [
      `Use a longer --duration or a higher --kill-rate: ${formatCount(plan.clients)} clients at ${
        formatRate(plan.killRate)
      } for ${formatDuration(phasesDurationMs(plan))} gave no kill.`,
    ],
  },
  {
    applies: ({ wills }) => (wills.unseeable ?? 0) > 0,
    advice: () => ["Let the broker keep the sessions of the watchers over its restart, with a store on disk."],
  },
  {
    applies: ({ wills }) => wills.undecided > 0,
    advice: () => ["Use a longer --drain, or a shorter --will-delay."],
  },
  {
    applies: ({ wills }) => wills.expected === 0,
    advice: () => ["Use a kill mode that makes a will due, such as --kill-mode reset."],
  },
];

/** The sentences for a void run; empty for a run with another verdict. */
export function voidAdvice(report: Report): readonly string[] {
  if (report.verdict !== "void") return [];
  const way = ways.find(({ applies }) => applies(report));
  return [
    ...way?.advice(report) ?? ["Test the broker statement by statement: mqtt-sim check shows which of them it keeps."],
    "Then repeat the run with the command below.",
  ];
}

/** True for a void run that measured nothing: its numbers are all 0. */
export function isBareVoid({ verdict, kills, wills }: Report): boolean {
  return verdict === "void" && kills.total === 0 && wills.expected === 0;
}
