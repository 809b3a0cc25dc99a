/** The sections of CHANGELOG.md: one for each version, and "Unreleased" above them. */

const unreleased = "## [Unreleased]";

/** A section: its name in brackets, and its text without the heading. */
export interface Section {
  readonly name: string;
  readonly text: string;
}

/** All sections, the newest first. */
export function sectionsOf(changelog: string): Section[] {
  return changelog.split(/^(?=## \[)/m).slice(1).map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    return { name: /^## \[([^\]]+)\]/.exec(heading)?.[1] ?? heading, text: lines.join("\n").trim() };
  });
}

/** Whether a section lists a change: a heading alone is none. */
export function listsChanges({ text }: Section): boolean {
  return /^[-*] \S/m.test(text);
}

/** The changelog in which everything that was unreleased belongs to a version of a day, such as `2026-11-30`. */
export function withRelease(changelog: string, version: string, day: string): string {
  return changelog.replace(
    new RegExp(`^${escaped(unreleased)}[^\n]*$`, "m"),
    `${unreleased}\n\n## [${version}] - ${day}`,
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]]/g, "\\$&");
}
