/** A list of packages as a bill of materials: CycloneDX 1.6 in JSON. The same packages give the same text. */
import { createHash } from "node:crypto";
import type { PackageList, PackedPackage } from "./package_list.ts";

/** The subject of the list. */
export interface Product {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Keys of the packages that it uses itself. */
  readonly needs: readonly string[];
}

/** The document, its line end included. */
export function billOfMaterials(product: Product, packages: PackageList): string {
  const refs = new Map([...packages].map(([key, each]) => [key, purlOf(each)]));
  const own = `${product.name}@${product.version}`;
  const refsOf = (keys: readonly string[]) => keys.map((key) => refs.get(key)!).toSorted();
  const content = {
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": own,
        name: product.name,
        version: product.version,
        licenses: licencesOf(product.licence),
      },
    },
    components: [...packages.values()].map(componentOf),
    dependencies: [
      { ref: own, dependsOn: refsOf(product.needs) },
      ...[...packages].map(([key, { needs }]) => ({ ref: refs.get(key)!, dependsOn: refsOf(needs) })),
    ],
  };
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: serialNumberOf(JSON.stringify(content)),
    ...content,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function componentOf(each: PackedPackage) {
  const [, group, name = each.name] = /^(@[^/]+)\/(.+)$/.exec(each.name) ?? [];
  return {
    type: "library",
    "bom-ref": purlOf(each),
    ...group !== undefined && { group },
    name,
    version: each.version,
    ...each.description !== undefined && { description: each.description },
    scope: "required",
    hashes: [{ alg: "SHA-512", content: hexOf(each.integrity) }],
    licenses: licencesOf(each.licence),
    purl: purlOf(each),
  };
}

/** Source: package-url specification, type npm: the `@` of a scope is percent-encoded. */
function purlOf({ name, version }: PackedPackage): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

function licencesOf(licence: string) {
  return /^[\w.+-]+$/.test(licence) ? [{ license: { id: licence } }] : [{ expression: licence }];
}

function hexOf(integrity: string): string {
  const base64 = /^sha512-([\w+/]+=*)$/.exec(integrity)?.[1];
  if (base64 === undefined) throw new Error(`Cannot read the hash ${integrity}: expected sha512- and base64`);
  return Uint8Array.fromBase64(base64).toHex();
}

/** A UUID of version 8 that identifies the content. Source: RFC 9562, section 5.8. */
function serialNumberOf(content: string): string {
  const bytes = createHash("sha256").update(content).digest().subarray(0, 16);
  bytes[6] = bytes[6]! & 0x0f | 0x80;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  const hex = bytes.toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `urn:uuid:${parts.join("-")}`;
}
