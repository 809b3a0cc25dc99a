import assert from "node:assert/strict";
import { profiles } from "../../src/profiles/profiles.ts";
import { formattedMarkdown } from "../../tools/docs/formatted_markdown.ts";
import { profilesPage } from "../../tools/docs/profiles_page.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));

Deno.test("docs/profiles.md equals the text generated from the profiles", async () => {
  assert.equal(
    await read("docs/profiles.md"),
    await formattedMarkdown(profilesPage()),
    "deno task profiles writes it",
  );
});

Deno.test("docs/deviations.md lists every deviation that was observed in a run", async () => {
  const text = await read("docs/deviations.md");
  for (const { name, deviations } of profiles) {
    for (const { id, evidence } of deviations.filter((deviation) => deviation.evidence === "run")) {
      assert.ok(text.includes(`\`${name}/${id}\``), `${name}/${id} (${evidence})`);
    }
  }
});
