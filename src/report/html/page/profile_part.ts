/** The deviations in the broker's profile, and those that the run observed. */
import { formatCount } from "../../../base/units.ts";
import { rulesText } from "../../../profiles/profiles.ts";
import { evidenceText, findingsHead, findingsOf, profileHint } from "../../model/profile_text.ts";
import type { Report } from "../../model/report.ts";
import { lifeText } from "../../model/will_rows.ts";
import { type Markup, markup } from "./markup.ts";

/** The deviations that could occur; without a profile, the profile that would describe the faults. */
export function profilePart(report: Report): Markup | undefined {
  if (report.profile === undefined) {
    const hint = profileHint(report);
    return hint === undefined ? undefined : markup`<p class="note">${hint}</p>`;
  }
  const findings = findingsOf(report);
  return markup`
    <section aria-labelledby="profile-title">
      <h2 id="profile-title">Known deviations</h2>
      <p class="note">${findingsHead(report)}</p>
      ${findings.length === 0 ? undefined : findingTable(findings)}
    </section>
  `;
}

function findingTable(findings: ReturnType<typeof findingsOf>): Markup {
  const heads = ["seen", "lives that could show it"].map((head) => markup`<th scope="col">${head}</th>`);
  const rows = findings.map((finding) => {
    const { id, what, evidence, source, seen, lives, samples } = finding;
    const examples = samples.map((sample) => markup`<small>${`${lifeText(sample)}: ${sample.text}`}</small>`);
    return markup`<tr><th scope="row">${id}<small>${what}</small><small>${`${rulesText(finding)} · ${
      evidenceText[evidence]
    }: ${source}`}</small>${examples}</th><td>${formatCount(seen)}</td><td>${formatCount(lives)}</td></tr>
`;
  });
  return markup`
    <div class="card scroll" role="region" aria-labelledby="deviations-caption" tabindex="0">
      <table id="deviations"><caption id="deviations-caption">Reported, does not fail the run</caption>
        <thead><tr><th scope="col">deviation</th>${heads}</tr></thead><tbody>${rows}</tbody>
      </table>
    </div>
  `;
}
