/** A step for each case of a table, so that a failure names its case. */
import type { ProtocolVersion } from "../../src/mqtt/packet.ts";

/** Runs each case as a step, one after another. The name of a step is the case, or its first field, as text. */
export async function eachCase<Case>(
  t: Deno.TestContext,
  cases: Iterable<Case>,
  run: (each: Case) => void | Promise<void>,
): Promise<void> {
  let number = 0;
  for (const each of cases) {
    number++;
    // Steps of one test may not overlap.
    // deno-lint-ignore no-await-in-loop
    await t.step(`${number}: ${caseText(each)}`, async () => await run(each));
  }
}

/** Runs a test for MQTT 3.1.1 and for MQTT 5.0, as a step each. */
export async function eachVersion(
  t: Deno.TestContext,
  run: (version: ProtocolVersion) => void | Promise<void>,
): Promise<void> {
  await t.step("MQTT 3.1.1", async () => await run(4));
  await t.step("MQTT 5.0", async () => await run(5));
}

function caseText(each: unknown): string {
  const first = Array.isArray(each) && typeof each[0] === "string" ? each[0] : each;
  const text = typeof first === "string" ? first : Deno.inspect(first, { depth: 2, breakLength: Infinity });
  return text.replaceAll(/\s+/g, " ").slice(0, 100);
}
