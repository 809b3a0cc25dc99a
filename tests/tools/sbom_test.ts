/** The list of the packages in the binary: its content compared with deno.lock, and its form. */
import assert from "node:assert/strict";
import { billOfMaterials } from "../../tools/bill_of_materials.ts";
import { licencePage } from "../../tools/licence_page.ts";
import type { PackageList, PackedPackage } from "../../tools/package_list.ts";
import { sbomFiles } from "../../tools/sbom.ts";

const root = new URL("../../", import.meta.url);

interface Component {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly unknown[];
}

const onPage = await Deno.readTextFile(new URL("docs/sbom.cdx.json", root));
const components: readonly Component[] = JSON.parse(onPage).components;
const nameOf = ({ group, name }: Component) => group === undefined ? name : `${group}/${name}`;

Deno.test("sbom: docs/sbom.cdx.json and docs/licences.md equal the output of deno task sbom", async () => {
  for (const [path, text] of await sbomFiles(root)) {
    assert.ok(await Deno.readTextFile(new URL(path, root)) === text, `${path} is stale: run deno task sbom`);
  }
});

Deno.test("sbom: each component has the hash of deno.lock, and a licence", async () => {
  const { npm } = JSON.parse(await Deno.readTextFile(new URL("deno.lock", root)));
  assert.ok(components.length > 20);
  for (const component of components) {
    const { integrity } = npm[`${nameOf(component)}@${component.version}`];
    const hex = Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex();
    assert.deepEqual(component.hashes, [{ alg: "SHA-512", content: hex }], component.purl);
    assert.equal(component.licenses.length, 1, component.purl);
  }
});

Deno.test("sbom: contains the packages of the program and none of the tests", () => {
  const names = new Set(components.map(nameOf));
  for (const name of ["@optique/core", "mqtt-packet", "uplot", "zod"]) assert.ok(names.has(name), name);
  for (const name of ["aedes", "fast-check", "mqtt", "playwright-core"]) assert.ok(!names.has(name), name);
});

Deno.test("sbom: does not depend on the machine or the time", () => {
  assert.doesNotMatch(onPage, /file:|\/\.cache\/|timestamp|\d{4}-\d\d-\d\dT/);
});

const one: PackedPackage = {
  name: "@a/b",
  version: "1.0.0",
  description: "x",
  licence: "MIT",
  licenceText: "MIT ```` text",
  integrity: "sha512-AAEC",
  needs: ["c@2.0.0"],
};
const other: PackedPackage = {
  name: "c",
  version: "2.0.0",
  description: undefined,
  licence: "(MIT AND Zlib)",
  licenceText: "zlib",
  integrity: "sha512-/w==",
  needs: [],
};
const few: PackageList = new Map([["@a/b@1.0.0", one], ["c@2.0.0", other]]);
const product = { name: "it", version: "3", licence: "MIT", needs: ["@a/b@1.0.0"] };

Deno.test("sbom: a scope becomes a group, an expression is no identifier, and the content determines the serial number", () => {
  const document = JSON.parse(billOfMaterials(product, few));
  assert.deepEqual(document.components, [
    {
      type: "library",
      "bom-ref": "pkg:npm/%40a/b@1.0.0",
      group: "@a",
      name: "b",
      version: "1.0.0",
      description: "x",
      scope: "required",
      hashes: [{ alg: "SHA-512", content: "000102" }],
      licenses: [{ license: { id: "MIT" } }],
      purl: "pkg:npm/%40a/b@1.0.0",
    },
    {
      type: "library",
      "bom-ref": "pkg:npm/c@2.0.0",
      name: "c",
      version: "2.0.0",
      scope: "required",
      hashes: [{ alg: "SHA-512", content: "ff" }],
      licenses: [{ expression: "(MIT AND Zlib)" }],
      purl: "pkg:npm/c@2.0.0",
    },
  ]);
  assert.deepEqual(document.dependencies, [
    { ref: "it@3", dependsOn: ["pkg:npm/%40a/b@1.0.0"] },
    { ref: "pkg:npm/%40a/b@1.0.0", dependsOn: ["pkg:npm/c@2.0.0"] },
    { ref: "pkg:npm/c@2.0.0", dependsOn: [] },
  ]);
  assert.match(document.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(document.serialNumber, JSON.parse(billOfMaterials(product, few)).serialNumber);
  const newer = new Map([...few, ["c@2.0.0", { ...other, version: "2.0.1" }]]);
  assert.notEqual(document.serialNumber, JSON.parse(billOfMaterials(product, newer)).serialNumber);
});

Deno.test("sbom: a licence text does not end its block; a package without one has a stand-in or is refused", () => {
  assert.ok(licencePage(few).includes("\n`````text\nMIT ```` text\n`````\n"));
  const bare = { ...other, licenceText: "" };
  assert.throws(() => licencePage(new Map([["c@2.0.0", bare]])), /Cannot find the licence text of c/);
  const apache = { ...one, licence: "Apache-2.0", licenceText: "apache" };
  const page = licencePage(new Map([["a", apache], ["c", { ...bare, licence: "Apache-2.0" }]]));
  assert.ok(page.includes("## @a/b, c\n\n- @a/b 1.0.0: Apache-2.0\n- c 2.0.0: Apache-2.0\n\n```text\napache\n```\n"));
});
