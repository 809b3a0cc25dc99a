/**
 * `deno task docs:conformance`: runs the whole catalog on the embedded broker and on those of this machine, and writes
 * docs/conformance.md and, broker by broker, docs/conformance/. With a folder argument it keeps the reports there, and
 * does not repeat existing ones. Ends with 1 where a line of docs/conformance/confirmed.tsv has no failure; it reports
 * a failure without a line, here and on its page.
 */
import { profileOf } from "../../src/profiles/profiles.ts";
import { type CheckReport, checkReportSchema } from "../../src/report/model/check_report.ts";
import { type CheckedPeer, checkedPeers } from "../../tests/support/brokers/checked_peers.ts";
import { brokerPage, type CheckedBroker, conformancePage, readConfirmed, unmatched } from "./conformance_document.ts";
import { startOurs } from "../../tests/support/brokers/peers.ts";

const limitMs = 900_000;
/** Other work may run beside it: the program doubles every bound, and the page says so. */
const slack = "2";
const root = new URL("../../", import.meta.url);
const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

const embedded: CheckedPeer = {
  name: "embedded",
  url: "embedded",
  version: "of these sources",
  configuration: "with a login, a topic that is denied and a store, as `mqtt-sim check` starts it",
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** One broker and its report: from the folder, or made. */
async function checked(start: () => Promise<CheckedPeer>, name: string, folder: string): Promise<CheckedBroker> {
  const file = `${folder}/${name}.json`;
  const kept = await Deno.readTextFile(file).catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept);
  await using peer = await start();
  const { version, configuration } = peer;
  const made = { name, version, configuration, report: await reportOf(peer, folder) };
  await Deno.writeTextFile(file, JSON.stringify(made));
  return made;
}

async function reportOf(peer: CheckedPeer, folder: string): Promise<CheckReport> {
  const [file, password] = [`${folder}/report.json`, `${folder}/password`];
  await Deno.writeTextFile(password, peer.login?.password ?? "");
  await using restarter = restarterOf(peer, folder);
  const { profile = peer.name } = peer;
  const where = peer === embedded ? [] : [
    ...["--url", peer.url],
    ...profileOf(profile) === undefined ? [] : ["--profile", profile],
    ...peer.login === undefined ? [] : ["--username", peer.login.username, "--password-file", password],
    ...peer.deniedTopic === undefined ? [] : ["--denied-topic", peer.deniedTopic],
    ...restarter.command === undefined ? [] : ["--restart-command", restarter.command],
  ];
  await using child = startOurs(["check", ...where, "--slack", slack, "--report", file, "--quiet"]);
  const { code } = await child.exit(limitMs);
  if (code !== 0 && code !== 1) throw new Error(`${peer.name}: exit code ${code}\n${child.said}`);
  const report = JSON.parse(await Deno.readTextFile(file));
  if (report.schema !== checkReportSchema) throw new Error(`${file}: schema ${report.schema}`);
  return report;
}

/**
 * A command that makes this process restart the broker and waits for the end of the restart, through a file that exists
 * meanwhile: the broker is this process's child, and only this process knows how to start it.
 */
function restarterOf({ restart }: CheckedPeer, folder: string): AsyncDisposable & { readonly command?: string } {
  if (restart === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const file = `${folder}/restart`;
  let isOver = false;
  const isAsked = () => Deno.stat(file).then(() => true, () => false);
  const watching = (async () => {
    while (!isOver) {
      if (await isAsked()) {
        await restart();
        await Deno.remove(file);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    command: `touch '${file}' && while test -e '${file}'; do sleep 0.1; done`,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await watching;
    },
  };
}

const folder = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "mqtt-sim-conformance" });
await Deno.mkdir(folder, { recursive: true });
const confirmed = readConfirmed(await Deno.readTextFile(new URL("docs/conformance/confirmed.tsv", root)));
const found: CheckedBroker[] = [];
for (const [name, start] of Object.entries({ embedded: () => Promise.resolve(embedded), ...checkedPeers })) {
  // One after another: each has the machine to itself.
  found.push(await checked(start, name, folder));
  say(`${name} ${found.at(-1)!.version}: ${found.at(-1)!.report.reason}`);
}
await Deno.writeTextFile(new URL("docs/conformance.md", root), conformancePage(found));
for (const each of found) {
  await Deno.writeTextFile(new URL(`docs/conformance/${each.name}.md`, root), brokerPage(each, confirmed));
}
const args = ["fmt", "--quiet", "docs/conformance.md", "docs/conformance"];
await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
const { unconfirmed, idle } = unmatched(found, confirmed);
for (const each of unconfirmed) say(`not confirmed: ${each}`);
for (const each of idle) say(`docs/conformance/confirmed.tsv: ${each} did not fail`);
if (idle.length > 0) Deno.exit(1);
