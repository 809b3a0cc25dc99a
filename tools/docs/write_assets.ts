/** Writes src/report/assets/uplot.ts anew: `deno task assets`. */
import { assetModule } from "./asset_text.ts";

await Deno.writeTextFile(new URL("../../src/report/assets/uplot.ts", import.meta.url), assetModule());
