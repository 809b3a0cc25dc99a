/**
 * Reads the files of payloads before the run, and checks them.
 */
import { bytesOfText, textOfBytes } from "../../base/bytes.ts";
import { UsageError } from "../../base/failure.ts";
import { namesLife, payloadText } from "../life/own_payload.ts";
import { Groups } from "../plan/groups.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { isPayloadFile, mostPayloadBytes } from "../plan/payload/payload_rules.ts";
import { hasPlaceholder } from "../plan/template.ts";
import type { Notice } from "../result/result.ts";

const flags = { willPayload: "--will-payload", birthPayload: "--birth-payload" } as const;

/** A plan with the contents of its payload files. @throws UsageError for a file that cannot be used */
export async function withPayloads(plan: FleetPlan): Promise<FleetPlan> {
  const texts: Record<string, string> = {};
  for (const part of [plan, ...plan.groups ?? []]) {
    for (const name of ["willPayload", "birthPayload"] as const) {
      const value = part[name];
      if (value !== undefined && isPayloadFile(value)) texts[value.slice(1)] ??= await textIn(value, flags[name]);
    }
  }
  if (Object.keys(texts).length === 0) return plan;
  const read = Object.freeze({ ...plan, payloadTexts: texts });
  for (const own of new Groups(read, "mix").plans) checkContents(own);
  return read;
}

async function textIn(value: string, flag: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(value.slice(1));
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read ${flag} ${value}: ${why}; expected @ and the path of a file`);
  }
  if (bytes.length <= mostPayloadBytes) return textOfBytes(bytes);
  throw new UsageError(`Cannot use ${flag} ${value}: expected a file of at most 65,535 bytes`);
}

/** The rules of `checkOwnPayloads` that need the contents of the files. */
function checkContents(plan: FleetPlan): void {
  const { willPayload, birthPayload, willRetain } = plan;
  for (const [value, flag] of [[willPayload, "--will-payload"], [birthPayload, "--birth-payload"]] as const) {
    if (value === undefined || !willRetain || payloadText(plan, value) !== "") continue;
    throw new UsageError(
      `Cannot use ${flag} ${value} with retained wills: expected at least one byte: an empty retained message removes ` +
        "the last",
    );
  }
  if (willPayload === undefined || birthPayload === undefined) return;
  const [will, birth] = [willPayload, birthPayload].map((value) => bytesOfText(payloadText(plan, value)).join());
  if (will === birth) {
    throw new UsageError(
      `Cannot use --birth-payload ${birthPayload}: expected another payload than that of the will: online and offline ` +
        "must differ",
    );
  }
  if (!hasPlaceholder(payloadText(plan, birthPayload), "incarnation")) return;
  throw new UsageError(
    `Cannot use --birth-payload ${birthPayload}: expected no {incarnation}: a client is online with the same payload in ` +
      "all its lives",
  );
}

/** Which verdicts are weaker, because a will names no life; undefined where each will names one. */
export function payloadNotice(groups: Groups): Notice | undefined {
  const isWeak = groups.protocol !== "5" &&
    groups.plans.some((plan) => plan.willPayload !== undefined && !namesLife(plan));
  if (!isWeak) return undefined;
  const text =
    "Wills of 3.1.1 clients with --will-payload are identified by topic, client and time: a duplicate of a will can " +
    "count as a late or unwanted will of another life of the client, a late will as that of the next life, and a will on " +
    "the wrong topic as missing; {incarnation} in the payload prevents the first two.";
  return { level: "warning", text };
}
