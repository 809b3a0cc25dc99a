/** Attacks through files and terminals: file permissions, links, damaged stores, formulas, secrets. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../src/base/failure.ts";
import { passwd } from "../../src/cli/broker/broker_passwd.ts";
import { statusLines } from "../../src/cli/broker/broker_status.ts";
import { parseConfig } from "../../src/cli/options/config_file.ts";
import { openForms } from "../../src/cli/report/report_outputs.ts";
import { livesCsv } from "../../src/report/export/csv.ts";
import { openReportFile } from "../../src/cli/report/report_file.ts";
import { brokerSettings } from "../../src/cli/broker/broker_settings.ts";
import { scenarioEntries } from "../../src/cli/fleet/scenario_settings.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { Lives } from "../broker/store/lives.ts";
import { captured } from "../cli/captured.ts";
import { failed, reportOf } from "../report/sample.ts";

async function inFolder(act: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } } as const;

Deno.test("F15: only the owner can read a store, even if others could before", () => {
  using lives = new Lives();
  lives.stage.connect({ clientId: "a", ...lasting }).subscribe("q");
  lives.stage.advance(10);
  for (const suffix of ["", "-wal"]) assert.equal(Deno.statSync(lives.path + suffix).mode! & 0o077, 0, suffix);
  lives.stage.core.store.close();
  Deno.chmodSync(lives.path, 0o644);
  lives.again();
  assert.equal(Deno.statSync(lives.path).mode! & 0o077, 0);
});

Deno.test("F15: writing a users file makes it unreadable for others", () =>
  inFolder(async (folder) => {
    const file = `${folder}/users`;
    await Deno.writeTextFile(file, "", { mode: 0o644 });
    await passwd({ command: "broker passwd", file, user: "ann" }, captured(), () => new TextEncoder().encode("secret"));
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o640);
  }));

Deno.test("F23: mqtt-sim follows no symbolic link at the path of a temporary file", () =>
  inFolder(async (folder) => {
    const victim = `${folder}/victim`;
    await Deno.writeTextFile(victim, "kept");
    for (const name of [`.report.json.${Deno.pid}.partial`, "users.new"]) {
      await Deno.symlink(victim, `${folder}/${name}`);
    }
    const report = await openReportFile(`${folder}/report.json`);
    await report.write("{}");
    await passwd({ command: "broker passwd", file: `${folder}/users`, user: "ann" }, captured(), () =>
      new TextEncoder().encode("secret"));
    assert.equal(await Deno.readTextFile(victim), "kept");
    assert.equal(await Deno.readTextFile(`${folder}/report.json`), "{}");
  }));

Deno.test("F24: broker status prints the answer of a server without its escape sequences", () => {
  const escape = "\u001b]0;owned\u0007\u009b31m";
  const lines = statusLines({
    url: escape,
    startedAt: escape,
    fault: escape,
    wills: { held: 0, published: {}, discarded: 0, cancelled: 0, denied: 0, faults: 0 },
    connections: { online: 0, connected: 0 },
    queued: { messages: 0, bytes: 0, clients: 0 },
    total: 1,
    offset: 0,
    filter: "all",
    limit: 1,
    clients: [{
      clientId: escape,
      online: true,
      peer: escape,
      version: escape,
      since: escape,
      will: { state: escape, topic: escape, qos: 0, retain: false, since: escape, due: escape },
      queued: { messages: 0, bytes: 0 },
    }],
  } as never);
  assert.doesNotMatch(lines.join(""), /\p{Cc}/u);
});

const secrets: readonly (readonly [what: string, read: () => unknown])[] = [
  ["a password of the wrong form", () => parseConfig("password: [hunter2]", "s.yaml", scenarioEntries)],
  ["a url of the wrong form", () => parseConfig("url: { a: mqtt://ann:hunter2@host }", "s.yaml", scenarioEntries)],
  ["a url without its slashes", () => parseEndpoint("ann:hunter2@host")],
  ["a url with a scheme that is not served", () => parseEndpoint("http://ann:hunter2@host")],
];
for (const [what, read] of secrets) {
  Deno.test(`F26: the error for ${what} does not contain it`, () => {
    assert.throws(read, (error: Error) => error instanceof UsageError && !error.message.includes("hunter2"));
  });
}

const bombs: readonly (readonly [what: string, text: string])[] = [
  [
    "aliases of aliases",
    [
      "a: &a [x, x, x, x, x, x, x, x, x]",
      ..."bcdefghi".split("").map((name, at) => {
        const before = "abcdefghi"[at];
        return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(", ")}]`;
      }),
    ].join("\n"),
  ],
  ["an alias that refers to itself", "port: &a [*a]"],
  ["a value of 5 MB", `port: ${"x".repeat(5_000_000)}`],
];
for (const [what, text] of bombs) {
  Deno.test(`F27: a config file with ${what} causes one short error`, () => {
    assert.throws(
      () => parseConfig(text, "c.yaml", brokerSettings),
      (error: Error) => error instanceof UsageError && error.message.length < 2_000,
    );
  });
}

const damages: readonly (readonly [what: string, sql: string])[] = [
  ["a missing table", "DROP TABLE retained"],
  ["an invalid filter", "UPDATE subscription SET topic_filter = 'a/#/b'"],
  ["an invalid shared filter", "UPDATE subscription SET topic_filter = '$share/g'"],
  ["an invalid topic", "UPDATE message SET topic = 'a/#'"],
  ["an invalid packet identifier", "UPDATE delivery SET packet_id = 70000, state = 'published'"],
  ["a state that is none", "UPDATE delivery SET state = 'lost'"],
  ["a QoS of 7", "UPDATE message SET qos = 7"],
];
for (const [what, sql] of damages) {
  Deno.test(`F28: the broker refuses a store with ${what} in one sentence`, () => {
    using lives = new Lives();
    lives.stage.connect({ clientId: "a", ...lasting }).subscribe("q").die();
    lives.stage.connect({ clientId: "b" }).publish("q", "x", { qos: 1, retain: true });
    lives.stage.advance(10);
    lives.stage.core.store.close();
    const file = new DatabaseSync(lives.path);
    file.exec(sql);
    file.close();
    assert.throws(() => lives.again(), /^UsageError: Cannot read store ".*": it is damaged \(.+\); restore a copy/);
  });
}

Deno.test("F25: CSV quotes a name that a spreadsheet would read as a formula", () => {
  const formula = '=HYPERLINK("http://evil.example","x")';
  const report = reportOf(failed());
  const faults = [formula, "+1+1", "-1", "@SUM(A1)"].map((client) => ({ ...report.faults[0]!, client }));
  const lines = livesCsv({ ...report, faults, slowest: [] }).split("\r\n").slice(1, 5);
  for (const [at, line] of lines.entries()) assert.match(line, /^missing,"?'[=+\-@]/, `line ${at}: ${line}`);
});

Deno.test("F29: an unwritable report does not prevent the other reports", () =>
  inFolder(async (folder) => {
    const writers = {
      first: (text: string) => text,
      second: (text: string) => text,
    };
    const paths = { first: `${folder}/gone/first`, second: `${folder}/second` };
    await Deno.mkdir(`${folder}/gone`);
    const outputs = await openForms(paths, writers, { first: "first", second: "second" });
    await Deno.remove(`${folder}/gone`, { recursive: true });
    await assert.rejects(outputs.write("text", () => {}), /^UsageError: Cannot write report ".*\/gone\/first"/);
    assert.equal(await Deno.readTextFile(paths.second), "text");
  }));
