/** Credentials files: what a row gives to its client, one sentence for each fault, and the memory of a row. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { connectPacketOf, plainConnectPacket } from "../../../src/fleet/client/connect_packet.ts";
import { fieldOf, sizeOfRows } from "../../../src/fleet/plan/credential_rows.ts";
import { checkPairs, parseCredentials, withCredentials } from "../../../src/fleet/preflight/read_credentials.ts";
import { withEmptyPasswords, withoutPasswords } from "../../../src/fleet/recording/record_header.ts";
import { eachCase } from "../../support/steps.ts";
import { tlsPath } from "../../support/tls_fixture.ts";
import { aLife, aPlan } from "../sample_life.ts";

Deno.test("credentials: reads quoted fields, a byte order mark, and both line ends", () => {
  const text = '\uFEFFclient_id,username,password\r\n"a,1","u ""x""","p\nq"\r\n\r\nb,ü,\n';
  const rows = parseCredentials(text, "f.csv", 2);
  assert.equal(rows.count, 2);
  const fields = (client: number) =>
    (["client_id", "username", "password"] as const).map((column) => fieldOf(rows, client, column));
  assert.deepEqual([fields(0), fields(1), fields(2)], [
    ["a,1", 'u "x"', "p\nq"],
    ["b", "ü", undefined],
    [undefined, undefined, undefined],
  ]);
});

const head = "client_id,username,password\n";
const used = "Cannot use --credentials f.csv";
const expected = "expected a first line with client_id and any of username, password, cert, key";
const faults = [
  { text: "", sentence: `${used}: it is empty; ${expected}` },
  { text: "id,username\n", sentence: `${used}: there is no column "id"; ${expected}` },
  { text: "username\nu\n", sentence: `${used}: the column client_id is missing; ${expected}` },
  { text: "client_id,client_id\n", sentence: `${used}: the column client_id is there twice; ${expected}` },
  { text: "client_id,cert\n", sentence: `${used}: of the columns cert and key, one is missing; ${expected}` },
  {
    text: `${head}a,u,p\nb,u\n`,
    sentence: `${used}, line 3: it has 2 fields, and the first line has 3`,
  },
  {
    text: `${head}a,u,p\n"b\n",u,p\na,u,p\n`,
    sentence: `${used}, line 5: client_id "a" is on line 2 already; each client needs its own`,
  },
  { text: `${head},u,p\n`, sentence: `${used}, line 2: client_id is empty` },
  { text: `${head}a\0,u,p\n`, sentence: `${used}, line 2: client_id contains NUL` },
  { text: `${head}a,u,${"p".repeat(65_536)}\n`, sentence: `${used}, line 2: password has more than 65,535 bytes` },
  { text: "client_id,cert,key\na,c.pem,\n", sentence: `${used}, line 2: of cert and key, one is empty` },
  { text: `${head}a,"u,p\n`, sentence: "Cannot read f.csv, line 2: a quote is not closed" },
  {
    text: `${head}a,"u"x,p\n`,
    sentence: "Cannot read f.csv, line 2: expected a comma or a line end after a closing quote",
  },
  {
    text: `${head}a,u,p\n`,
    sentence: `${used} for 2 clients: it has 1 rows; expected a row for each client, or fewer --clients`,
  },
];

Deno.test("credentials: a fault in any row is one sentence with its line", async (t) => {
  await eachCase(t, faults, ({ text, sentence }) => {
    assert.throws(() => parseCredentials(text, "f.csv", 2), new UsageError(sentence));
  });
  // Rows beyond the clients are checked too.
  assert.throws(
    () => parseCredentials(`${head}a,u,p\nb,u,p\nb,u,p\n`, "f.csv", 1),
    /line 4: client_id "b" is on line 3/,
  );
});

Deno.test("credentials: a file that cannot be read, and a row with unusable files, are one sentence", async () => {
  const missing = withCredentials(aPlan({ credentials: "no-such.csv" }));
  await assert.rejects(
    missing,
    new UsageError("Cannot read --credentials no-such.csv: there is no such file; expected a CSV file"),
  );
  const good = { cert: tlsPath("client.pem"), key: tlsPath("client.key") };
  await checkPairs(aPlan({ clients: 2 }), () => good);
  const pairOf = (client: number) => client === 0 ? good : { ...good, cert: "no-such.pem" };
  await assert.rejects(
    checkPairs(aPlan({ clients: 2 }), pairOf),
    new UsageError(
      "Cannot read certificate file no-such.pem: there is no such file; expected a PEM file (row 2, of client 1)",
    ),
  );
});

Deno.test("credentials: 100,000 rows take under 300 bytes for each client and are read in under 2 s", () => {
  const clients = 100_000;
  const lines = ["client_id,username,password,cert,key"];
  for (let client = 0; client < clients; client++) {
    lines.push(
      `device-${client},user-${client}@example.com,"${"s".repeat(40)}",certs/${client}.crt,certs/${client}.key`,
    );
  }
  const text = lines.join("\n");
  // Other processes take time of this machine: the shortest of three counts.
  let tookMs = Infinity;
  let rows = parseCredentials(head, "f.csv", 0);
  for (let tries = 0; tries < 3 && tookMs >= 1_000; tries++) {
    const fromMs = performance.now();
    rows = parseCredentials(text, "f.csv", clients);
    tookMs = Math.min(tookMs, performance.now() - fromMs);
  }
  assert.equal(fieldOf(rows, clients - 1, "username"), `user-${clients - 1}@example.com`);
  assert.ok(sizeOfRows(rows) / clients < 300, `${sizeOfRows(rows) / clients} bytes for each client`);
  // Workers share the rows: a copy for each would multiply the cost.
  assert.ok(rows.bytes.buffer instanceof SharedArrayBuffer && rows.ends.buffer instanceof SharedArrayBuffer);
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
});

Deno.test("credentials: each client, watcher and canary logs in with its own", () => {
  const credentialRows = parseCredentials("client_id,username,password\na,ua,pa\nb,,\n", "f.csv", 2);
  const plan = aPlan({
    clients: 2,
    credentialRows,
    username: "shared-{client:03}-{id}",
    password: "{run}{x}",
    watcherUsername: "watch",
    watcherPassword: "w{client}",
    canaryUsername: "canary",
  });
  const login = (client: number) => {
    const { clientId, username, password } = connectPacketOf(plan, aLife({ client }));
    return [clientId, username, password && new TextDecoder().decode(password)];
  };
  assert.deepEqual(login(0), ["a", "ua", "pa"]);
  assert.deepEqual(login(1), ["b", "shared-001-b", `${plan.run}{x}`]);
  assert.deepEqual(login(2).slice(1), ["canary", undefined]);
  const watcher = plainConnectPacket(plan, 5, "w0");
  assert.deepEqual([watcher.username, new TextDecoder().decode(watcher.password)], ["watch", "w{client}"]);
});

Deno.test("credentials: no report and no recording has a password or a row of the file", () => {
  const credentialRows = parseCredentials("client_id,password\na,secret-1\n", "f.csv", 1);
  const secrets = {
    password: "secret-2",
    watcherUsername: "w",
    canaryUsername: "c",
    watcherPassword: "secret-3",
    canaryPassword: "secret-4",
  };
  const plan = aPlan({ clients: 1, credentialRows, ...secrets });
  for (const shown of [withoutPasswords(plan), withEmptyPasswords(plan)]) {
    assert.ok(!JSON.stringify(shown).includes("secret"));
    assert.ok(!("credentialRows" in shown));
  }
});
