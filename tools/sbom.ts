/** Writes docs/sbom.cdx.json and docs/licences.md: `deno task sbom`. */
import { tool } from "../src/cli/process/tool.ts";
import { billOfMaterials } from "./bill_of_materials.ts";
import { licencePage } from "./licence_page.ts";
import { packagesInBinary } from "./package_list.ts";

/** The files by their paths in the project. */
export async function sbomFiles(root: URL): Promise<ReadonlyMap<string, string>> {
  const { packages, direct } = await packagesInBinary(root);
  const product = { ...tool, licence: "MIT", needs: direct };
  return new Map([
    ["docs/sbom.cdx.json", billOfMaterials(product, packages)],
    ["docs/licences.md", licencePage(packages)],
  ]);
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  for (const [path, text] of await sbomFiles(root)) Deno.writeTextFileSync(new URL(path, root), text);
}
