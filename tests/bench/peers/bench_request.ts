/** The command line of the bench. */
import { parseArgs } from "node:util";
import { UsageError } from "../../../src/base/failure.ts";
import { type Contestant, contestants } from "./contestants.ts";
import type { Workload } from "./workload.ts";
import { workloads } from "./workloads.ts";

export const usage =
  "usage: [--rounds N] [--minutes N] [--workload ID ...] [--broker NAME ...] [--markdown FILE] [--profile] [--keep FOLDER]";

export interface BenchRequest {
  readonly rounds: number;
  readonly minutes: number;
  readonly workloads: readonly Workload[];
  readonly brokers: readonly Contestant[];
  readonly markdown: string | undefined;
  readonly keep: string | undefined;
  readonly profile: boolean;
}

const options = {
  rounds: { type: "string", default: "5" },
  minutes: { type: "string", default: "25" },
  workload: { type: "string", multiple: true, default: [] as string[] },
  broker: { type: "string", multiple: true, default: [] as string[] },
  markdown: { type: "string" },
  keep: { type: "string" },
  profile: { type: "boolean", default: false },
} as const;

/** @throws UsageError with the permitted values */
export function benchRequest(args: readonly string[]): BenchRequest {
  const { rounds, minutes, workload, broker, ...rest } = parsed(args);
  for (const word of workload) {
    mustBe("--workload", word, workloads.map(({ id }) => id), workloads.some(({ id }) => id.startsWith(word)));
  }
  const names = contestants.map(({ name }) => name);
  for (const name of broker) mustBe("--broker", name, names, names.includes(name));
  return {
    rounds: whole("--rounds", rounds),
    minutes: whole("--minutes", minutes),
    workloads: workloads.filter(({ id }) => workload.length === 0 || workload.some((word) => id.startsWith(word))),
    brokers: contestants.filter(({ name }) => broker.length === 0 || broker.includes(name)),
    markdown: rest.markdown,
    keep: rest.keep,
    profile: rest.profile,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`Cannot read the arguments: ${error.message}`);
    throw error;
  }
}

function whole(flag: string, word: string): number {
  const number = Number(word);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UsageError(`Cannot use ${flag} ${word}: expected a whole number above 0`);
}

function mustBe(flag: string, word: string, allowed: readonly string[], isSo: boolean): void {
  if (!isSo) throw new UsageError(`Cannot use ${flag} ${word}: expected one of ${allowed.join(", ")}`);
}
