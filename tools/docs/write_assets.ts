/** Writes src/report/html/assets/uplot.ts: `deno task assets`. */
import { assetModule } from "./asset_text.ts";

await Deno.writeTextFile(new URL("../../src/report/html/assets/uplot.ts", import.meta.url), assetModule());
