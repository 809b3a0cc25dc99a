/** Recorded runs on real sockets: judged again, run again, interrupted. */
import assert from "node:assert/strict";
import { Broker } from "../../../src/broker/broker.ts";
import { SeededFault } from "../../../src/broker/fault/seeded_fault.ts";
import { parseFaults } from "../../../src/broker/fault/fault_mix.ts";
import { BrokerThread } from "../../../src/broker/broker_thread.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { fleet, type FleetDeps } from "../../../src/cli/fleet/fleet.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import { main } from "../../../src/cli/main.ts";
import { runFleet } from "../../../src/fleet/run_fleet.ts";
import { captured } from "../captured.ts";

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function mqttSim(...args: string[]) {
  const output = captured();
  const code = await main(args, output);
  return { code, ...output.written };
}

const small = ["--clients", "40", "--kill-rate", "20/s", "--duration", "1500ms", "--keepalive", "1s", "--quiet"];

/** The report formats that a command can write to a file. */
const forms = ["report", "html", "junit", "markdown", "csv", "csv-lives", "hdr"];
const formFlags = (folder: string, name: string) => forms.flatMap((form) => [`--${form}`, `${folder}/${name}.${form}`]);

async function sameForms(folder: string, one: string, other: string): Promise<void> {
  for (const form of forms) {
    const [first, second] = [one, other].map((name) => {
      const text = Deno.readTextFileSync(`${folder}/${name}.${form}`);
      // The order of two threads' rows is undefined.
      return form === "csv-lives" ? text.split("\r\n").toSorted().join("\n") : text;
    });
    assert.equal(second, first, form);
  }
  await Promise.resolve();
}

Deno.test("record: a recording with each kill mode, two threads and a faulty broker gives the same verdict again", () =>
  inFolder(async (folder) => {
    const shares = parseFaults("lose=20%,duplicate=10%,alter=10%", "shares");
    // Of the fleet's 40 clients, not of its canaries, whose wills are counted separately.
    const willFault = new SeededFault({ shares, seed: 3, clients: /^mqtt-sim-f-[1-3]?\d$/ });
    await using broker = await Broker.start({ port: 0, willFault });
    const record = `${folder}/run.ndjson`;
    // A fifth of the wills never arrives, so the run waits as long as it can.
    const args = [
      ...small,
      ..."--kill-mode all --workers 2 --will-retain --will-qos mix --run-id f --drain 1s".split(" "),
    ];
    const run = await mqttSim("fleet", ...args, "--url", broker.url, "--record", record, ...formFlags(folder, "run"));
    assert.match(run.out, new RegExp(`\\nRecording: ${record}\\n`));
    const again = await mqttSim("report", record, ...formFlags(folder, "again"));
    assert.deepEqual([run.code, again.code], [1, 1], run.out + run.err + again.err);
    await sameForms(folder, "run", "again");
    const { wills } = JSON.parse(Deno.readTextFileSync(`${folder}/again.report`));
    assert.ok(Deno.readTextFileSync(`${folder}/again.csv-lives`).split("\n").length > 60, "every life is there");
    assert.ok(wills.missing > 0 && wills.altered > 0 && wills.duplicate > 0);
    const squads = new Set(linesOf(record).slice(1).map(({ squad }) => squad));
    assert.deepEqual(squads, new Set([undefined, 0, 1]));
  }));

type Four<T> = [T, T, T, T];

interface Line {
  readonly atMs: number;
  readonly squad?: number;
  readonly kind: string;
  readonly client?: number;
  readonly mode?: string;
  readonly plannedMs?: number;
}

function linesOf(path: string): Line[] {
  return Deno.readTextFileSync(path).split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

Deno.test("record: the same seed gives the same kills, modes and times", () =>
  inFolder(async (folder) => {
    const record = async (name: string, seed: string, workers: string) => {
      const path = `${folder}/${name}.ndjson`;
      const args = [...small, "--kill-mode", "all", "--workers", workers, "--seed", seed];
      // A slow machine may be late; the kills, modes and times of the schedule stay the same.
      const { out, err } = await mqttSim("fleet", ...args, "--record", path);
      const lines = linesOf(path);
      assert.equal(lines.at(-1)!.kind, "end", out + err);
      const orders = lines.filter(({ kind }) => kind === "order");
      // The order of two threads' batches is undefined.
      orders.sort((one, other) => one.plannedMs! - other.plannedMs!);
      const planned = orders.map(({ client, mode, plannedMs }) => ({ client, mode, plannedMs }));
      return { planned, atMs: orders.map(({ atMs }) => atMs) };
    };
    const all = [
      record("one", "5", "2"),
      record("two", "5", "2"),
      record("alone", "5", "1"),
      record("other", "6", "2"),
    ];
    const [one, two, alone, other] = await Promise.all(all) as Four<Awaited<typeof all[number]>>;
    assert.ok(one.planned.length >= 25, `${one.planned.length} deaths`);
    assert.deepEqual(two.planned, one.planned);
    assert.deepEqual(alone.planned, one.planned, "on one thread too");
    assert.notDeepEqual(two.atMs, one.atMs, "what is not the same are the instants at which they were done");
    assert.notDeepEqual(other.planned, one.planned);
  }));

/** Two groups, and a short outage of the broker. */
const restartScenario = `clients: 20
session-expiry: 30
groups:
  - name: prompt
  - name: delayed
    protocol: 5
    will-delay: 1
phases:
  - kill: 20/s
    for: 0.5s
    kill-mode: reset
  - restart: 300ms
`;

Deno.test("record: a recording of a run with a restart on two threads gives the same verdict again", () =>
  inFolder(async (folder) => {
    const record = `${folder}/run.ndjson`;
    await Deno.writeTextFile(`${folder}/restart.yaml`, restartScenario);
    const args = ["--scenario", `${folder}/restart.yaml`, "--workers", "2", "--drain", "1s", "--quiet"];
    const run = await mqttSim("fleet", ...args, "--record", record, ...formFlags(folder, "run"));
    const again = await mqttSim("report", record, ...formFlags(folder, "again"));
    assert.equal(again.code, run.code, run.err + again.err);
    await sameForms(folder, "run", "again");
    const { restarts: { each: [restart] } } = JSON.parse(Deno.readTextFileSync(`${folder}/again.report`));
    assert.ok(restart.lives > 0 && restart.watchersKept > 0, JSON.stringify(restart));
    assert.ok(restart.backAtMs > restart.downAtMs && restart.downAtMs > 0);
    const kinds = linesOf(record).map(({ kind, squad }) => `${kind} ${squad}`);
    for (const kind of ["down", "serves", "ended", "absent", "up"]) {
      assert.ok([0, 1].every((squad) => kinds.includes(`${kind} ${squad}`)), kind);
    }
    assert.equal(kinds.filter((kind) => kind.startsWith("restarted")).length, 1);
  }));

Deno.test("record: writes one file for each of several brokers, which give the same comparison again", () =>
  inFolder(async (folder) => {
    const urls = ["--url", "one=embedded", "--url", "two=embedded"];
    const quick = ["--clients", "5", "--kill-rate", "5/s", "--duration", "500ms", "--kill-mode", "reset", "--quiet"];
    const places = ["--record", `${folder}/{broker}.ndjson`, "--report", `${folder}/run.json`];
    const run = await mqttSim("fleet", ...quick, ...urls, ...places);
    const files = ["one", "two"].map((name) => `${folder}/${name}.ndjson`);
    const again = await mqttSim("report", "compare", ...files, "--report", `${folder}/again.json`);
    assert.equal(again.code, run.code, run.err + again.err);
    const [first, second] = ["run", "again"].map((name) => JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`)));
    assert.deepEqual(second, first);
    assert.equal(first.brokers[0].report.kills.total > 0, true);
  }));

Deno.test("record: Ctrl-C leaves a complete recording, with live page and metrics", () =>
  inFolder(async (folder) => {
    const early = new AbortController();
    const deps: FleetDeps = {
      runFleet: (run, hooks) =>
        runFleet(run, {
          ...hooks,
          onProgress: (progress) => {
            hooks.onProgress(progress);
            if (progress.killed > 0) early.abort();
          },
        }),
      startBroker: () => BrokerThread.start(),
      waitUntilIdle: () => assert.fail("there is one broker"),
      openInterrupts: () => ({ early: early.signal, atOnce: new AbortController().signal, close() {} }),
    };
    const output = captured();
    const record = `${folder}/run.ndjson`;
    const args = [...small.with(5, "60s"), "--record", record, "--live", "0", "--metrics", "0"];
    const flags = readCommandLine(["fleet", ...args, ...formFlags(folder, "run")], output) as FleetFlags;
    assert.equal(await fleet(flags, output, deps), 130);
    const lines = linesOf(record);
    assert.ok(lines.some(({ kind }) => kind === "interrupted"));
    assert.equal(lines.at(-1)!.kind, "end");
    assert.equal((await mqttSim("report", record, ...formFlags(folder, "again"))).code, 130);
    await sameForms(folder, "run", "again");
  }));

Deno.test("record: without a broker the run and its recording are void", () =>
  inFolder(async (folder) => {
    const record = `${folder}/run.ndjson`;
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const args = [...small, "--url", `mqtt://127.0.0.1:${port}`, "--record", record, ...formFlags(folder, "run")];
    assert.equal((await mqttSim("fleet", ...args)).code, 3);
    assert.equal((await mqttSim("report", record, ...formFlags(folder, "again"))).code, 3);
    await sameForms(folder, "run", "again");
  }));

Deno.test("record: refuses an unwritable path before the run and changes no file", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/run.json`, "older");
    const args = ["--report", `${folder}/run.json`, "--record", `${folder}/none/run.ndjson`];
    const { code, out, err } = await mqttSim("fleet", ...small, ...args);
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(err, /^Cannot write recording ".*": there is no folder ".*\/none"; expected an existing folder\n$/);
    const same = await mqttSim("fleet", ...small, "--report", `${folder}/run.json`, "--record", `${folder}/./run.json`);
    assert.match(same.err, /^Cannot write a recording and a report both to/);
    const several = ["--url", "embedded", "--url", "b=embedded", "--record"];
    assert.equal(
      (await mqttSim("fleet", ...small, ...several, `${folder}/run.ndjson`)).err,
      `Cannot record the runs of several brokers to "${folder}/run.ndjson": expected a file for each, by a name such as ` +
        "{broker}-run.ndjson\n",
    );
    const both = [...several, `${folder}/{broker}.x`, "--report", `${folder}/b.x`];
    assert.match((await mqttSim("fleet", ...small, ...both)).err, /^Cannot write a recording and a report both to/);
    assert.equal(await Deno.readTextFile(`${folder}/run.json`), "older");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["run.json"]);
  }));
