/**
 * `deno task docs:conformance`: the whole catalog on the embedded broker and on those that this machine has, written to
 * docs/conformance.md and, broker by broker, to docs/conformance/. With a folder after it the reports are kept there,
 * and those that are there already are not made again.
 */
import { type CheckReport, checkReportSchema } from "../../src/report/check_report.ts";
import { profileOf } from "../../src/profiles/profiles.ts";
import { brokerPage, type CheckedBroker, conformancePage, readConfirmed } from "../support/conformance_document.ts";
import { login } from "../support/ejabberd_peer.ts";
import { type PageBroker, startAll } from "../support/page_brokers.ts";
import { startOurs } from "../support/peers.ts";

const limitMs = 300_000;
const root = new URL("../../", import.meta.url);
const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

/** The report of one broker: from the folder, or made. */
async function checked({ name, url }: PageBroker, folder: string): Promise<CheckReport> {
  const file = `${folder}/${name}.json`;
  const kept = await Deno.readTextFile(file).catch(() => undefined);
  if (kept === undefined) {
    const where = name === "embedded" ? [] : ["--url", url];
    const known = profileOf(name) === undefined ? [] : ["--profile", name];
    const who = name === "ejabberd" ? ["--username", login.username, "--password", login.password] : [];
    await using child = startOurs(["check", ...where, ...known, ...who, "--report", file, "--quiet"]);
    const { code } = await child.exit(limitMs);
    if (code !== 0 && code !== 1) throw new Error(`${name}: exit code ${code}\n${child.said}`);
  }
  const report = JSON.parse(kept ?? await Deno.readTextFile(file));
  if (report.schema !== checkReportSchema) throw new Error(`${file}: schema ${report.schema}`);
  return report;
}

const folder = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "mqtt-sim-conformance" });
await Deno.mkdir(folder, { recursive: true });
const confirmed = readConfirmed(await Deno.readTextFile(new URL("docs/conformance/confirmed.tsv", root)));
const brokers = await startAll(say);
try {
  const found: CheckedBroker[] = [];
  for (const broker of brokers) {
    const { name, version, configuration } = broker;
    found.push({ name, version, configuration, report: await checked(broker, folder) });
    say(`${name} ${version}: ${found.at(-1)!.report.reason}`);
  }
  await Deno.writeTextFile(new URL("docs/conformance.md", root), conformancePage(found));
  for (const each of found) {
    await Deno.writeTextFile(new URL(`docs/conformance/${each.name}.md`, root), brokerPage(each, confirmed));
  }
  const args = ["fmt", "--quiet", "docs/conformance.md", "docs/conformance"];
  await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
} finally {
  for (const broker of brokers) await broker.stop();
}
