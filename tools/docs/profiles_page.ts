/** docs/profiles.md, made of the profiles themselves. */
import type { Deviation, ServiceLimit } from "../../src/profiles/profile.ts";
import { profiles, rulesText } from "../../src/profiles/profiles.ts";
import { formattedMarkdown } from "./formatted_markdown.ts";
import { limitText } from "../../src/fleet/plan/profile/profile_limits.ts";
import { evidenceText } from "../../src/report/model/profile_text.ts";

const head = `# Profiles: what brokers are known to do otherwise

This page is made of \`src/profiles\`: \`deno task profiles\` writes it, and a test holds it against the data.

\`mqtt-sim fleet --profile NAME\` tells the faults that a deviation of the profile describes apart from all others, with
its rule: they count as \`deviating\`, and do not fail the run. What goes beyond a deviation's bounds, or breaks another
rule, fails as it does without a profile, which is \`strict\`. A deviation that a fleet has no sign of is here for
\`mqtt-sim check\`, and for people. How findings of ours can be repeated is in [deviations.md](deviations.md).

The profiles of services in clouds also have **limits**, from the pages of their operators, which mqtt-sim has read and
not run: with such a profile, \`fleet\` and \`capacity\` have defaults within the limits, and refuse a setting outside of
them in one sentence.
`;

/** The page, before it is formatted. */
export function profilesPage(): string {
  const parts = profiles.filter(({ deviations, limits }) => deviations.length > 0 || limits !== undefined).map((
    { name, broker, versions, deviations, limits = [] },
  ) => [`## ${name}`, "", `${broker}, ${versions}.`, "", ...deviations.map(item), ...limits.map(limitItem)].join("\n"));
  return [head, ...parts, ""].join("\n");
}

function item(deviation: Deviation): string {
  const { id, what, evidence, source, signs } = deviation;
  const seen = signs.length === 0 ? " No fleet can see it." : "";
  return `- **${id}** (${rulesText(deviation) || "no numbered rule"}). ${what} ` +
    `${evidenceText[evidence][0]!.toUpperCase()}${evidenceText[evidence].slice(1)}: ${source}.${seen}`;
}

function limitItem(limit: ServiceLimit): string {
  return `- Limit: ${limitText(limit)} ${limit.what} Source: ${limit.source}.`;
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../../docs/profiles.md", import.meta.url), await formattedMarkdown(profilesPage()));
}
