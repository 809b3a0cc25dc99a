/** How the page looks: calm, in light and dark, on a phone and on paper. */

const colours = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --card: #ffffff; --shade: #1b212740; --ink: #1b2127; --soft: #57616c; --line: #dfe3e7; --focus: #0b62c4;
  --pass: #0f6b3e; --pass-ground: #e6f4ea; --fail: #a3172a; --fail-ground: #fdebed;
  --void: #744a00; --void-ground: #fdf3dc; --running: #0b4f9e; --running-ground: #e8f1fc;
  --plot-0: #0b62c4; --plot-1: #b45309; --plot-2: #0a7d54; --plot-3: #a8327e; --plot-4: #66707c;
  --plot-0-fill: #0b62c41c; --plot-1-fill: #b4530920; --plot-2-fill: #0a7d541c; --mark-stage: #57616c14; --mark-outage: #a3172a2b;
  --fault-0: #a3172a; --fault-1: #b45309; --fault-2: #6b46c1; --fault-3: #0b62c4; --fault-4: #a8327e; --fault-5: #0a7d54; --fault-6: #66707c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101418; --card: #181d22; --shade: #7ab5ff30; --ink: #e7eaed; --soft: #a2adb8; --line: #2c343c; --focus: #7ab5ff;
    --pass: #6ad6a0; --pass-ground: #12291e; --fail: #ff939d; --fail-ground: #35171c;
    --void: #f0c469; --void-ground: #2d2511; --running: #8dbfff; --running-ground: #142437;
    --plot-0: #6cb0ff; --plot-1: #ffae61; --plot-2: #54cf9d; --plot-3: #f28fcb; --plot-4: #9aa6b2;
    --plot-0-fill: #6cb0ff24; --plot-1-fill: #ffae6124; --plot-2-fill: #54cf9d24; --mark-stage: #a2adb81a; --mark-outage: #ff939d3d;
    --fault-0: #ff6b78; --fault-1: #ffae61; --fault-2: #b79cff; --fault-3: #6cb0ff; --fault-4: #f28fcb; --fault-5: #54cf9d; --fault-6: #9aa6b2;
  }
}
@media print {
  :root {
    --ground: #ffffff; --card: #ffffff; --shade: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc;
    --pass: #0f6b3e; --pass-ground: #ffffff; --fail: #a3172a; --fail-ground: #ffffff;
    --void: #744a00; --void-ground: #ffffff; --running: #0b4f9e; --running-ground: #ffffff;
    --plot-0: #0b62c4; --plot-1: #b45309; --plot-2: #0a7d54; --plot-3: #a8327e; --plot-4: #66707c;
    --plot-0-fill: #0b62c41c; --plot-1-fill: #b4530920; --plot-2-fill: #0a7d541c; --mark-stage: #57616c14; --mark-outage: #a3172a2b;
    --fault-0: #a3172a; --fault-1: #b45309; --fault-2: #6b46c1; --fault-3: #0b62c4; --fault-4: #a8327e; --fault-5: #0a7d54; --fault-6: #66707c;
  }
}`;

const ground = `
* { box-sizing: border-box; }
html {
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  background: var(--ground); color: var(--ink); -webkit-text-size-adjust: 100%;
}
body { margin: 0; }
main, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
main { padding-top: 24px; }
footer { padding-top: 16px; padding-bottom: 32px; color: var(--soft); font-size: 14px; }
h1, h2, h3, p, figure, dl, dd, ol, ul, pre { margin: 0; padding: 0; }
h2 { font-size: 20px; line-height: 1.3; margin-bottom: 12px; }
h3 { font-size: 16px; line-height: 1.3; }
section { margin-top: 40px; }
small { font-size: 13px; color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.note { color: var(--soft); font-size: 15px; margin-bottom: 8px; max-width: 75ch; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 6px; }`;

const head = `
.verdict { border-radius: 16px; padding: 24px 28px; border: 1px solid; }
.verdict.pass { color: var(--pass); background: var(--pass-ground); }
.verdict.fail { color: var(--fail); background: var(--fail-ground); }
.verdict.deviating { color: var(--void); background: var(--void-ground); }
.verdict.void { color: var(--void); background: var(--void-ground); }
.verdict.running { color: var(--running); background: var(--running-ground); }
.verdict .word {
  display: flex; align-items: center; gap: 10px; font-weight: 700; letter-spacing: 0.12em; text-transform: uppercase;
}
.verdict .word svg {
  width: 30px; height: 30px; border-radius: 50%; border: 2px solid; fill: none; stroke: currentColor;
  stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round; padding: 1px;
}
.verdict h1, .verdict h3 {
  color: var(--ink); font-size: clamp(22px, 3.4vw, 34px); line-height: 1.2; font-weight: 650; letter-spacing: -0.01em;
  margin: 12px 0; max-width: 32ch; text-wrap: balance; overflow-wrap: break-word;
}
.verdict .facts { color: var(--soft); font-size: 14px; display: flex; flex-wrap: wrap; gap: 2px 16px; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; margin-top: 12px; }
.tiles:has(> :nth-child(4):last-child) { grid-template-columns: repeat(4, 1fr); }
.tiles > div { padding: 14px 18px; }
.tiles dt { color: var(--soft); font-size: 14px; }
.tiles b { display: block; font-size: 24px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles .bad { border-color: var(--fail); }
.tiles .bad b { color: var(--fail); }
.tiles .good b { color: var(--pass); }
.tiles small { display: block; line-height: 1.35; overflow-wrap: anywhere; }
.parts { display: flex; flex-wrap: wrap; gap: 2px 18px; margin-top: 12px; font-size: 14px; }
.parts a { padding: 6px 0; }
a { color: var(--focus); }
.advice { margin-top: 12px; padding: 18px 22px; }
.advice ul { padding-left: 20px; }
.advice li { margin-top: 4px; overflow-wrap: anywhere; }
.warnings { padding: 18px 22px; border-left: 5px solid var(--void); margin-top: 12px; }
.warnings h2 { font-size: 16px; margin-bottom: 6px; }
.warnings ul { padding-left: 20px; }
.warnings li { overflow-wrap: anywhere; }`;

const plots = `
.live-state { margin-top: 12px; }
progress { display: block; width: 100%; height: 10px; margin-top: 8px; accent-color: var(--running); }
#live-findings section { margin-top: 24px; }
.plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
.plot { padding: 18px 18px 12px; min-width: 0; }
.plot:last-child:nth-child(odd) { grid-column: 1 / -1; }
.plot figcaption p { color: var(--soft); font-size: 14px; line-height: 1.4; min-height: 2.8em; margin-top: 2px; }
.plot .canvas { margin-top: 8px; min-height: 270px; }
.uplot { font-family: inherit; }
.uplot .u-legend { font-size: 13px; text-align: left; color: var(--soft); line-height: 1.4; margin: 2px 0 0; }
.uplot .u-legend th { font-weight: 500; color: var(--ink); }
.uplot .u-legend .u-marker { width: 18px; height: 0; border-bottom-width: 0 !important; border-left-width: 0 !important; border-right-width: 0 !important; border-radius: 0; background: none !important; }
.u-legend .u-series > * { padding: 2px 4px; border: 0; }
.u-legend .u-series:first-child .u-marker { display: none; }
.plot:last-child:nth-child(odd) figcaption p { min-height: 0; }
.u-legend.u-inline .u-series { margin-right: 8px; }
.uplot:not(.read) .u-legend .u-value, .uplot:not(.read) .u-legend .u-series:first-child { display: none; }
.uplot:not(.read) .u-legend th::after { content: none !important; }
.hint { display: none; }
.scripted .hint { display: block; }
.u-cursor-x { border-right: 1px solid var(--soft) !important; }
details { margin-top: 8px; }
summary { cursor: pointer; color: var(--soft); font-size: 14px; padding: 6px 0; min-height: 24px; }
summary span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.plot .scroll { max-height: 320px; overflow: auto; border: 1px solid var(--line); border-radius: 8px; }
.plot caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.marks { list-style-position: inside; display: flex; flex-wrap: wrap; gap: 2px 18px; margin-bottom: 10px; color: var(--soft); font-size: 14px; line-height: 1.5; }
.marks b { color: var(--ink); font-weight: 600; }
.marks li { min-width: 0; max-width: 100%; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.marks .outage, .marks .outage b { color: var(--fail); }
.plot .during { text-align: left; white-space: normal; min-width: 9em; color: var(--soft); }
.plot table + table { margin-top: 8px; border-top: 1px solid var(--line); }
.plot thead th { position: sticky; top: 0; background: var(--card); }`;

const tables = `
.scroll { overflow-x: auto; }
.card.scroll, .plot .scroll {
  background: linear-gradient(to right, var(--card) 24px, transparent) left / 48px 100% no-repeat local,
    linear-gradient(to left, var(--card) 24px, transparent) right / 48px 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / 18px 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right / 18px 100% no-repeat scroll, var(--card);
}
section > .scroll { margin-bottom: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 14px 18px 6px; }
th, td { padding: 8px 10px; text-align: right; border-top: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: 14px; }
section > .scroll th:first-child, .plot .scroll th:first-child { text-align: left; padding-left: 18px; font-weight: 600; }
th:last-child, td:last-child { padding-right: 18px; }
th small, td small { display: block; font-weight: 400; }
th small { max-width: 26ch; white-space: normal; line-height: 1.3; }
td small { max-width: 9ch; white-space: normal; line-height: 1.3; margin-left: auto; }
td.none { color: var(--soft); }
td.bad { color: var(--fail); }
td.bad b::before { content: "✕ "; font-size: 0.8em; }
tr.all > * { border-top: 2px solid var(--soft); font-weight: 650; }`;

const lives = `
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft); font-size: 14px; margin-bottom: 8px; }
.key span { display: inline-flex; align-items: center; gap: 6px; }
.key svg { width: 20px; height: 20px; }
.lives { list-style: none; }
.lives li { padding: 14px 18px; border-top: 1px solid var(--line); break-inside: avoid; }
.lives li:first-child { border-top: 0; }
.lives p { overflow-wrap: anywhere; }
.life-name { color: var(--soft); font-size: 15px; }
.badge { display: inline-block; padding: 0 9px; border-radius: 99px; border: 1px solid var(--line); font-size: 14px; }
.badge.bad { color: var(--fail); background: var(--fail-ground); border-color: currentColor; }
.rule { display: inline-block; max-width: 100%; }
.timeline { display: block; width: 100%; height: 30px; overflow: visible; margin-top: 4px; }
.times { color: var(--soft); font-size: 13px; line-height: 1.4; }
.time-axis { display: block; width: calc(100% - 38px); margin: 0 19px; height: 18px; overflow: visible; }
.time-axis text { fill: var(--soft); font-size: 12px; text-anchor: middle; }
.lives li:target { background: var(--running-ground); }
.link { text-decoration: none; font-size: 14px; padding: 0 6px; }
.rules ul { padding-left: 20px; }
.rules li { overflow-wrap: anywhere; }
.timeline .outage, .key .outage { fill: var(--mark-outage); }
line { stroke-width: 2; }
line.life { stroke: var(--plot-2); stroke-width: 4; }
line.wait { stroke: var(--plot-1); stroke-dasharray: 2 4; }
line.lost { stroke: var(--fail); stroke-dasharray: 8 6; }
path.connected { fill: var(--card); stroke: var(--plot-2); stroke-width: 2.5; }
path.killed { stroke: var(--ink); stroke-width: 3; stroke-linecap: round; }
path.due { stroke: var(--soft); stroke-width: 2; }
path.seen { fill: var(--plot-0); }
path.again { fill: none; stroke: var(--plot-0); stroke-width: 2.5; }
path.read { fill: var(--plot-2); }`;

const plan = `
.plan { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 32px; padding: 8px 18px; }
.plan div { display: grid; grid-template-columns: 10em minmax(0, 1fr); gap: 8px; padding: 6px 0; border-top: 1px solid var(--line); }
.plan div:nth-child(-n + 2) { border-top: 0; }
.plan dt { color: var(--soft); }
.plan dd { overflow-wrap: anywhere; }
#repeat-title { margin: 20px 0 8px; }
.command { display: flex; align-items: flex-start; gap: 12px; padding: 12px 12px 12px 18px; }
pre { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.6 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
button {
  font: inherit; font-size: 14px; color: var(--ink); background: var(--ground); border: 1px solid var(--soft);
  border-radius: 8px; padding: 6px 14px; cursor: pointer;
}`;

const comparison = `
.brokers { margin-top: 12px; }
.compare th:first-child { position: sticky; left: 0; background: var(--card); z-index: 1; white-space: normal; }
.compare td, .compare thead th { min-width: 8.5em; width: 1%; }
.compare td small { max-width: none; white-space: nowrap; }
.compare td.unsure { color: var(--void); }
.compare td.good { color: var(--pass); }
.compare td.word b { text-transform: uppercase; letter-spacing: 0.04em; font-size: 14px; font-weight: 650; }
.compare td.good b::before { content: "✓ "; font-size: 0.9em; }
.compare td.unsure b::before { content: "? "; font-size: 0.9em; }
.compare .delta { white-space: nowrap; }
.compare .delta.better { color: var(--pass); }
.compare .delta.better::before { content: "▲ "; }
.compare .delta.worse { color: var(--fail); }
.compare .delta.worse::before { content: "▼ "; }
.compare thead td { border-top: 0; }
.compare .group > * { border-top: 2px solid var(--line); padding-top: 16px; }
.compare .group th { color: var(--soft); font-size: 14px; font-weight: 500 !important; white-space: nowrap; }
.whole { padding: 0 18px; margin-top: 12px; }
.whole > summary { display: flex; flex-wrap: wrap; gap: 2px 12px; color: var(--ink); font-size: 16px; padding: 14px 0; }
.whole > summary b::before { content: "▸ "; }
.whole[open] > summary b::before { content: "▾ "; }
.whole > summary span { position: static; width: auto; height: auto; clip-path: none; white-space: normal; color: var(--soft); overflow-wrap: anywhere; }
.whole .inside { padding-bottom: 18px; }
.whole h4 { font-size: 18px; line-height: 1.3; margin: 0 0 12px; }
.whole h5 { font-size: 16px; line-height: 1.3; margin: 0; }`;

const check = `
[hidden] { display: none !important; }
.check .text { text-align: left; }
.check td.rules { white-space: normal; min-width: 9em; }
.check tbody th { white-space: normal; min-width: 12em; overflow-wrap: anywhere; }
.check th small { max-width: 60ch; }
.area { margin-top: 8px; }
.area > summary { display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 12px 18px; color: var(--ink); font-size: 16px; }
.area > summary b::before { content: "▸ "; }
.area[open] > summary b::before { content: "▾ "; }
.area > summary i { font-style: normal; font-size: 14px; color: var(--soft); align-self: center; }
.area > summary i.bad { color: var(--fail); font-weight: 650; }
.area > summary i.unsure { color: var(--void); }
.area th:first-child { text-align: left; padding-left: 18px; font-weight: 600; }
.filter { display: flex; flex-wrap: wrap; align-items: end; gap: 10px 14px; padding: 14px 18px; position: sticky; top: 0; z-index: 2; }
.filter label { display: flex; flex-direction: column; font-size: 14px; color: var(--soft); min-width: 0; }
.filter input, .filter select { font: inherit; font-size: 16px; color: var(--ink); background: var(--ground); border: 1px solid var(--soft); border-radius: 8px; padding: 5px 8px; width: 11em; max-width: 100%; }
.filter output { font-size: 14px; color: var(--soft); padding: 8px 0; }
.check td.unsure { color: var(--void); }
.check td.good { color: var(--pass); }`;

const narrow = `
@media (max-width: 760px) {
  main, footer { padding-left: 12px; padding-right: 12px; }
  main { padding-top: 12px; }
  section { margin-top: 28px; }
  .verdict { padding: 18px; }
  .tiles, .tiles:has(> :nth-child(4):last-child) { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .tiles > div { padding: 10px 12px; }
  .tiles b { font-size: 19px; }
  .plots, .plan { grid-template-columns: minmax(0, 1fr); }
  .plan div:nth-child(2) { border-top: 1px solid var(--line); }
  .plan div { grid-template-columns: 8em minmax(0, 1fr); }
  .plot { padding: 14px 10px 10px; }
  .plot figcaption { padding: 0 4px; }
  .plot figcaption p { min-height: 0; }
  .filter { position: static; }
  .filter label { flex: 1 1 9em; }
  .filter input, .filter select { width: 100%; }
  .check tbody th { min-width: 10em; }
  .command { flex-direction: column; }
  .compare th:first-child { max-width: 9em; padding-left: 12px !important; font-size: 14px; }
  .compare td, .compare thead th { min-width: 6em; }
  .compare td small { white-space: normal; max-width: 11em; }
  .whole { padding: 0 8px; }
}
@media print {
  html { font-size: 13px; }
  section { break-inside: auto; margin-top: 20px; }
  .plot, .tiles, .command { break-inside: avoid; }
  button, summary { display: none; }
  .scroll { overflow: visible; }
}`;

/** The whole sheet. */
export const styleSheet = [colours, ground, head, plots, tables, lives, plan, comparison, check, narrow].join("\n")
  .trim();
