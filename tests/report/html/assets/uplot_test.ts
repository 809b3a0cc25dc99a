import assert from "node:assert/strict";
import * as embedded from "../../../../src/report/html/assets/uplot.ts";
import { assetTexts } from "../../../../tools/docs/asset_text.ts";

Deno.test("what the page embeds is what the package has; else: deno task assets", () => {
  assert.deepEqual({ ...embedded }, assetTexts);
});
