/**
 * The module in src/report/html/assets, made of the package's own files: a module is the one form of text that every Deno
 * since 2.0 takes into a compiled binary without a flag.
 */
import licence from "uplot/LICENSE" with { type: "text" };
import style from "uplot/dist/uPlot.min.css" with { type: "text" };
import script from "uplot/dist/uPlot.iife.min.js" with { type: "text" };

/** The texts that the page embeds, by the names of their constants. */
export const assetTexts = { uplotScript: script.trim(), uplotStyle: style.trim(), uplotLicence: licence.trim() };

/** The whole module, before it is formatted. */
export function assetModule(): string {
  const constants = Object.entries(assetTexts).map(([name, text]) =>
    `/** Of npm:uplot. */\nexport const ${name} = ${JSON.stringify(text)};\n`
  );
  return ["/** Made by `deno task assets`: what the HTML page embeds. Not to be edited. */\n", ...constants].join("");
}
