/**
 * The page as a whole: one self-contained HTML document that makes no requests. A content security policy enforces
 * this: it names the scripts by their digests, and forbids everything else.
 */
import { createHash } from "node:crypto";
import { uplotLicence, uplotScript, uplotStyle } from "../assets/uplot.ts";
import { scriptJson } from "../../../base/escape.ts";
import { type Markup, markup, trusted } from "./markup.ts";
import type { Plot } from "./plot.ts";
import { startFilter } from "./filter_script.js";
import * as script from "./plot_script.js";
import { styleSheet } from "./style_sheet.ts";

/** The parts of the document. */
export interface Page {
  readonly title: string;
  readonly main: Markup;
  readonly plots: readonly Plot[];
  readonly footer: string;
  /** A live page: where its events come from. */
  readonly events?: string;
}

const pageScript = `${[...Object.values(script), startFilter].map(String).join("\n")}\nstartPage();\nstartFilter();`;
const plotStyle = `${uplotStyle}\n${styleSheet}`;
const icon = "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#3d5a80"/>' +
      '<path d="M2 8h3l2-4 3 8 2-4h2" fill="none" stroke="#fff" stroke-width="1.6" stroke-linejoin="round"/></svg>',
  );

/** The document; without a plot it embeds no plotting library. */
export function pageHtml({ title, main, plots, footer, events }: Page): string {
  const draws = plots.length > 0 || events !== undefined;
  const style = draws ? plotStyle : styleSheet;
  const scripts = draws ? [uplotScript, pageScript] : [pageScript];
  const document = markup`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy(scripts, style, events !== undefined)}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="referrer" content="no-referrer">
        <title>${title}</title>
        <link rel="icon" href="${icon}">
        ${draws ? trusted(`<!-- uPlot, embedded below:\n${uplotLicence}\n-->`) : undefined}
        <style>${trusted(style)}</style>
      </head>
      <body${
    events === undefined ? undefined : markup`
        data-events="${events}"
      `
  }>
        <main id="main">
    ${main}
        </main>
        <footer>
          <p>${footer}</p>
        </footer>
        <script type="application/json" id="plots">${trusted(scriptJson(plots))}</script>
        ${scripts.map((each) => trusted(`<script>${each}</script>\n`))}
        </body>
        </html>
  `;
  return document.text;
}

function policy(scripts: readonly string[], style: string, live: boolean): string {
  const rules = [
    "default-src 'none'",
    `script-src ${scripts.map(digest).join(" ")}`,
    `style-src ${digest(style)}`,
    "img-src data:",
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return rules.join("; ");
}

function digest(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
