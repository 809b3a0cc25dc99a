import assert from "node:assert/strict";
import { brokerSettings } from "../../../src/cli/broker/broker_settings.ts";
import { formattedMarkdown } from "../../../tools/docs/formatted_markdown.ts";
import { optionsPage } from "../../../tools/docs/options_page.ts";

Deno.test("docs/options.md equals the text generated from the option tables", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/options.md", import.meta.url));
  assert.equal(page, await formattedMarkdown(optionsPage()), "deno task docs:options writes it");
});

Deno.test("docs/options.md has a row for each setting of the broker, with its default", () => {
  const broker = optionsPage().split("## mqtt-sim broker")[1]!.split("\n");
  for (const [name, { usual = "" }] of brokerSettings) {
    const row = broker.find((line) => new RegExp(`^\\| \`--${name}[ \`]`).test(line));
    assert.ok(row?.includes(usual), name);
  }
});
