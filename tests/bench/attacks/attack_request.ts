/** The command line of the bench of attacks. */
import { parseArgs } from "node:util";
import { UsageError } from "../../../src/base/failure.ts";
import { parseSizeBytes } from "../../../src/base/units.ts";
import type { Attack } from "./attack.ts";
import { attacks } from "./attack_catalog.ts";
import type { AttackSettings } from "./attack_run.ts";
import { type BrokerName, brokerNames } from "./attacked_broker.ts";

export const usage =
  "usage: [--only NAME ...] [--broker mqtt-sim|mosquitto] [--seconds N] [--max-memory BYTES] [--markdown FILE] [--json FILE]";

export interface AttackRequest extends AttackSettings {
  readonly attacks: readonly Attack[];
  readonly brokers: readonly BrokerName[];
  readonly limitBytes: number;
  readonly markdown: string | undefined;
  /** The file for the outcomes as JSON. */
  readonly json: string | undefined;
}

const capBytes = 4 * 1024 ** 3;

const options = {
  only: { type: "string", multiple: true, default: [] as string[] },
  broker: { type: "string", multiple: true, default: [] as string[] },
  seconds: { type: "string", default: "10" },
  "max-memory": { type: "string", default: "256m" },
  markdown: { type: "string" },
  json: { type: "string" },
} as const;

/** @throws UsageError with the permitted values */
export function attackRequest(args: readonly string[]): AttackRequest {
  const { only, broker, seconds, "max-memory": maxMemory, markdown, json } = parsed(args);
  const names = attacks.map(({ name }) => name);
  for (const word of only) mustBe("--only", word, names);
  for (const word of broker) mustBe("--broker", word, brokerNames);
  const whole = Number(seconds);
  if (!Number.isInteger(whole) || whole < 1 || whole > 300) {
    throw new UsageError(`Cannot use --seconds ${seconds}: expected a whole number from 1 to 300`);
  }
  return {
    attacks: attacks.filter(({ name }) => only.length === 0 || only.includes(name)),
    brokers: brokerNames.filter((name) => broker.length === 0 || broker.includes(name)),
    seconds: whole,
    maxMemory,
    limitBytes: parseSizeBytes(maxMemory, "--max-memory"),
    capBytes,
    markdown,
    json,
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

function mustBe(flag: string, word: string, allowed: readonly string[]): void {
  if (!allowed.includes(word)) {
    throw new UsageError(`Cannot use ${flag} ${word}: expected one of ${allowed.join(", ")}`);
  }
}
