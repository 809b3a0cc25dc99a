/** Unusable stores: one sentence for each, and no file is overwritten. Stores that fail during use. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { Database } from "../../../src/broker/store/database.ts";
import { applicationId, migrations, schemaVersion } from "../../../src/broker/store/schema.ts";
import { aWill, Stage } from "../stage.ts";
import { Lives } from "./lives.ts";

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 3_600 } } as const;

function refusal(path: string): string {
  let sentence = "";
  assert.throws(() => new Stage({ store: { path } }), (error) => {
    sentence = error instanceof UsageError ? error.message : `not a UsageError: ${error}`;
    return true;
  });
  return sentence.replace(path, "PATH");
}

/** Runs with the path of a file in a temporary directory, and removes the directory. */
function withPath(test: (path: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "mqtt-sim-store-" });
  try {
    test(`${directory}/store.db`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("store: the broker refuses a store that another broker has open", () => {
  using lives = new Lives();
  assert.match(refusal(lives.path), /^Cannot open store "PATH": another process has it open; stop that process/);
});

Deno.test("store: a file that is no store is refused and stays unchanged", () => {
  withPath((path) => {
    Deno.writeTextFileSync(path, "some notes of mine\n".repeat(300));
    const before = Deno.readFileSync(path);
    assert.match(refusal(path), /^Cannot open store "PATH": it is not a store of mqtt-sim$/);
    assert.deepEqual(Deno.readFileSync(path), before);
  });
  withPath((path) => {
    const other = Database.open({ path });
    other.prepare("PRAGMA application_id = 7").get();
    other.close();
    const before = Deno.readFileSync(path);
    assert.match(refusal(path), /it is not a store of mqtt-sim$/);
    assert.deepEqual(Deno.readFileSync(path), before);
  });
});

Deno.test("store: a store of a newer version is refused and stays unchanged", () => {
  withPath((path) => {
    const store = Database.open({ path });
    store.prepare(`PRAGMA user_version = ${schemaVersion + 1}`).get();
    store.close();
    const before = Deno.readFileSync(path);
    const sentence = `it has version ${
      schemaVersion + 1
    }, but this mqtt-sim reads up to ${schemaVersion}; use a newer mqtt-sim`;
    assert.equal(refusal(path), `Cannot open store "PATH": ${sentence}`);
    assert.deepEqual(Deno.readFileSync(path), before);
  });
});

Deno.test("store: a damaged store is refused and stays unchanged", () => {
  using lives = new Lives();
  const sender = lives.stage.connect({ clientId: "sender" });
  for (let n = 0; n < 200; n++) sender.publish(`t/${n}`, "x".repeat(200), { retain: true });
  lives.stage.core.turn.stop(lives.stage.nowMs);
  const bytes = Deno.readFileSync(lives.path);
  bytes.fill(0xa5, 8_192, 32_768);
  Deno.writeFileSync(lives.path, bytes);
  assert.match(
    refusal(lives.path),
    /^Cannot (open|read) store "PATH": it is damaged \(.+\); restore a copy, or move it away/s,
  );
  assert.deepEqual(Deno.readFileSync(lives.path), bytes);
});

Deno.test("store: tables that contradict each other are refused", () => {
  withPath((path) => {
    const store = Database.open({ path });
    store.prepare("INSERT INTO retained VALUES ('t', 99)").run();
    store.close();
    assert.match(refusal(path), /^Cannot read store "PATH": it is damaged \(there is no message 99\)/);
  });
});

Deno.test("store: a missing directory, and a directory in the file's place, are refused", () => {
  withPath((path) =>
    assert.match(
      refusal(`${path}/deeper.db`),
      /unable to open database file.*expected a path in an existing, writable directory/,
    )
  );
  withPath((path) => {
    Deno.mkdirSync(path);
    assert.match(refusal(path), /unable to open database file.*expected a path/);
  });
});

Deno.test("store: a store of version 1 is upgraded with all its content", () => {
  withPath((path) => {
    const old = Database.open({ path, version: 1 });
    old.prepare("INSERT INTO session VALUES (3, 'watcher', 4294967295, NULL)").run();
    old.prepare("INSERT INTO subscription VALUES (3, '#', 1, 0, 0, NULL)").run();
    old.prepare("INSERT INTO message VALUES (8, 't', x'6869', 1, 0, NULL, 'sender', 0)").run();
    old.prepare("INSERT INTO delivery VALUES (3, 5, 8, 1, 0, NULL, 0, 'waiting')").run();
    old.prepare("INSERT INTO will VALUES ('sensor', 'will', x'676f6e65', 1, 0, 0, NULL, NULL, NULL)").run();
    old.close();
    const stage = new Stage({ store: { path } });
    stage.advance(0);
    const watcher = stage.connect({ clientId: "watcher", version: 4, cleanStart: false });
    assert.deepEqual(watcher.messages, ["t hi", "will gone"]);
    stage.core.turn.stop(stage.nowMs);
    const now = Database.open({ path });
    assert.equal(now.prepare("PRAGMA user_version").get()!.user_version, migrations.length);
    assert.equal(now.prepare("PRAGMA application_id").get()!.application_id, applicationId);
    now.close();
  });
});

Deno.test("store: with a full store the broker acknowledges nothing unsaved, and closes waiting clients", () => {
  using lives = new Lives({}, { outlives: "process", pagesLimit: 40 });
  const { stage } = lives;
  stage.connect({ clientId: "watcher", ...lasting }).subscribe("#").die();
  const sender = stage.connect({ clientId: "sender", ...lasting });
  let sent = 0;
  while (sender.end === undefined && sent < 500) sender.publish("m", `${++sent} ${"x".repeat(1_000)}`, { qos: 1 });
  const acknowledged = sender.of("puback").length;
  assert.equal(acknowledged, sent - 1);
  assert.deepEqual(sender.of("disconnect").map(({ reasonCode }) => reasonCode), [0x97]);
  const { metrics } = stage.core;
  assert.deepEqual({ storeFailures: metrics.storeFailures, storeRefusals: metrics.storeRefusals }, {
    storeFailures: 1,
    storeRefusals: 1,
  });
  assert.deepEqual(stage.logged.filter((line) => line.includes("Store")).length, 1);
  assert.equal(stage.connect({ clientId: "late", will: aWill() }).connack!.reasonCode, 0x88);
  lives.restart();
  assert.deepEqual(lives.stage.connect({ clientId: "watcher", ...lasting }).messages.length, acknowledged);
});

Deno.test("store: after room returns, the broker saves pending changes and accepts clients", () => {
  using lives = new Lives({}, { outlives: "process", pagesLimit: 40 });
  const { stage } = lives;
  const watcher = stage.connect({ clientId: "watcher", ...lasting }).subscribe("#");
  watcher.die();
  const sender = stage.connect({ clientId: "sender", ...lasting });
  while (sender.end === undefined) sender.publish("m", "x".repeat(1_000), { qos: 1 });
  stage.core.sessions.end(stage.core.sessions.get("watcher")!, stage.nowMs); // as at its expiry
  stage.advance(1_000);
  assert.equal(stage.core.turn.failing, false);
  assert.match(stage.logged.at(-1)!, /saves changes again/);
  assert.equal(stage.connect({ clientId: "late", will: aWill() }).connack!.reasonCode, 0);
});

Deno.test("store: the broker refuses a CONNECT whose will it cannot save, and never publishes that will", () => {
  using lives = new Lives({}, { outlives: "process", pagesLimit: 35 });
  const { stage } = lives;
  const watcher = stage.watch("will", { qos: 0 });
  const will = aWill({ payload: new Uint8Array(60_000) });
  assert.equal(stage.connect({ clientId: "early", will }).connack?.reasonCode, 0);
  const late = stage.connect({ clientId: "late", will });
  assert.deepEqual({ reasonCode: late.connack?.reasonCode, kind: late.end?.kind }, { reasonCode: 0x88, kind: "fin" });
  stage.advance(5_000);
  assert.deepEqual(watcher.messages, []);
});
