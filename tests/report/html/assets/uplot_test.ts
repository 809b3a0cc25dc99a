import assert from "node:assert/strict";
import * as embedded from "../../../../src/report/html/assets/uplot.ts";
import { assetTexts } from "../../../../tools/docs/asset_text.ts";

Deno.test("uplot: the embedded copy equals that of the package; else run: deno task assets", () => {
  assert.deepEqual({ ...embedded }, assetTexts);
});
