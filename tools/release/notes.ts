/** `deno task release:notes v0.2.0`: prints the section of a version in CHANGELOG.md; exit code 2 when it has none. */
import { listsChanges, sectionsOf } from "./changelog.ts";

const [version = ""] = Deno.args;
const section = sectionsOf(await Deno.readTextFile("CHANGELOG.md"))
  .find(({ name }) => name === version.replace(/^v/, "") && name !== "Unreleased");
const isUsable = section !== undefined && listsChanges(section);
const text = isUsable ? section.text : `Cannot write notes for "${version}": CHANGELOG.md lists no change for it`;
await new Blob([text, "\n"]).stream().pipeTo((isUsable ? Deno.stdout : Deno.stderr).writable);
if (!isUsable) Deno.exit(2);
