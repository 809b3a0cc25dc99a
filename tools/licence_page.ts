/** The licences of the packages in the binary, with their texts: a document to distribute with the binary. */
import type { PackageList, PackedPackage } from "./package_list.ts";

const head = `# Licences of the packages in the binary

The binary holds the npm packages below. Their licences demand that these texts go with it: pass this file on with the
binary. The binary also holds the Deno runtime, whose licences stand in Deno's own repository.

\`deno task sbom\` writes this file and [sbom.cdx.json](sbom.cdx.json), the same list as CycloneDX.
`;

/** The page; packages with the same texts are in one entry. */
export function licencePage(packages: PackageList): string {
  const byText = new Map<string, PackedPackage[]>();
  for (const each of packages.values()) {
    const text = each.licenceText === "" ? standInFor(each, packages) : each.licenceText;
    byText.set(text, [...byText.get(text) ?? [], each]);
  }
  const parts = [...byText].map(([text, users]) => {
    const list = users.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}\n`).join("");
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
    const fence = "`".repeat(longest + 1);
    return `## ${users.map(({ name }) => name).join(", ")}\n\n${list}\n${fence}text\n${text}\n${fence}\n`;
  });
  return [head, ...parts].join("\n");
}

/** A package without a licence file names one whose text is the same everywhere: that of another package. */
function standInFor({ name, licence }: PackedPackage, packages: PackageList): string {
  const other = [...packages.values()].find((each) => each.licence === licence && each.licenceText !== "");
  if (licence !== "Apache-2.0" || other === undefined) throw new Error(`Cannot find the licence text of ${name}`);
  return other.licenceText;
}
