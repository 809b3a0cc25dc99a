/** One run in five processes, compared with the same run in one process: real sockets, one broker. */
import assert from "node:assert/strict";
import { peerTest, startOurBroker, startOurs } from "../support/brokers/peers.ts";
import { countsOf } from "../support/run_plans.ts";

const common = [
  ...["--seed", "11", "--clients", "200", "--watchers", "5", "--kill-rate", "15%", "--duration", "5s"],
  ...["--kill-mode", "reset=4,close=4,leave=1,takeover=1,garbage=1", "--late-after", "10s", "--quiet"],
];
/** Time for five processes to start on a busy machine. */
const leadMs = 45_000;

async function ran(url: string, flags: readonly string[], path: string): Promise<void> {
  await using fleet = startOurs(["fleet", "--url", url, ...common, ...flags, "--report", path]);
  const { code } = await fleet.exit(150_000);
  assert.equal(code, 0, fleet.said);
}

peerTest("shards: five simultaneous shards equal one process in kills, lives and due wills", [], async () => {
  const folder = await Deno.makeTempDir({ prefix: "shards" });
  try {
    await using broker = await startOurBroker();
    const at = new Date(Math.ceil((Date.now() + leadMs) / 1_000) * 1_000).toISOString();
    const parts = [1, 2, 3, 4, 5].map((number) => `${folder}/${number}.json`);
    await Promise.all(
      parts.map((path, index) => ran(broker.url, ["--shard", `${index + 1}/5`, "--start-at", at], path)),
    );
    await ran(broker.url, [], `${folder}/whole.json`);
    await using merge = startOurs(["report", "merge", ...parts, "--report", `${folder}/merged.json`]);
    assert.equal((await merge.exit(60_000)).code, 0, merge.said);
    const [merged, whole] = ["merged", "whole"].map((name) =>
      JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`))
    );
    assert.ok(whole.kills.total > 100, `${whole.kills.total} kills`);
    assert.deepEqual(countsOf(merged), countsOf(whole));
    await using short = startOurs(["report", "merge", ...parts.slice(1)]);
    assert.equal((await short.exit(60_000)).code, 3);
    assert.match(short.said, /the run is incomplete: shard 1 of 5 is missing/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, 400_000);
