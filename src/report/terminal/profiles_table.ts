/**
 * The table of `mqtt-sim fleet profiles`.
 */
import { limitText } from "../../fleet/plan/profile/profile_limits.ts";
import { profiles, rulesText } from "../../profiles/profiles.ts";
import { evidenceText } from "../model/profile_text.ts";
import { type Column, tableLines, wrapped } from "./table.ts";

type Row = { readonly id: string; readonly rules: string; readonly about: readonly string[]; readonly of: string };

/** Every profile with its deviations, as `mqtt-sim fleet profiles` lists them. */
export function profilesText(width: number): string {
  const rows = profiles.flatMap(({ name, deviations }) =>
    deviations.map((deviation): Row => ({
      of: name,
      id: deviation.id,
      rules: rulesText(deviation).replace("; MQTT ", "; ") || "no numbered rule",
      about: wrapped(`${deviation.what} (${evidenceText[deviation.evidence]}: ${deviation.source})`, width - 4),
    }))
  );
  const columns: Column<Row>[] = [
    { head: "profile", cell: ({ of }) => of, align: "left" },
    { head: "deviation", cell: ({ id }) => id, align: "left" },
    { head: "rule", cell: ({ rules }) => rules, align: "left" },
  ];
  const [head, ...lines] = tableLines(columns, rows);
  const listed = lines.flatMap((line, place) => ["", line, ...rows[place]!.about.map((text) => `    ${text}`)]);
  const longest = Math.max(...profiles.map(({ name }) => name.length));
  const all = profiles.map(({ name, broker, versions }) => ` ${name.padEnd(longest)} ${broker}, ${versions}`);
  return ["Profiles:", ...all, "", head!, ...listed, "", ...limitLines(width), ""].join("\n");
}

/** The limits of services, which are defaults and bounds of a fleet with the profile. */
function limitLines(width: number): string[] {
  return profiles.flatMap(({ name, limits = [] }) =>
    limits.length === 0 ? [] : [
      `Limits with --profile ${name}:`,
      ...limits.flatMap((limit) =>
        wrapped(`${limitText(limit)} ${limit.what} (${limit.source})`, width - 4).map((text, place) =>
          `${place === 0 ? "  " : "    "}${text}`
        )
      ),
      "",
    ]
  );
}
