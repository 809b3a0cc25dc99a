/**
 * Devices with identities on a real mosquitto: credentials from a file, tokens from a command, and certificates of
 * their own. The broker maps the identity to the one topic on which that client may publish, so that a will arrives
 * only with the right identity.
 */
import assert from "node:assert/strict";
import { ChildProcess } from "../../support/machine/child_process.ts";
import { mosquitto, peerTest, startMosquitto, startOurs } from "../../support/brokers/peers.ts";
import { tlsPath } from "../../support/tls_fixture.ts";

const clients = 4;
const ids = Array.from({ length: clients }, (_, client) => `dev-${client}`);
/** Canaries publish on topics of their own. */
const toolNames = ["watch", "canary"];

async function shell(script: string, cwd: string): Promise<void> {
  const child = new ChildProcess("sh", ["-euc", script], { cwd });
  const { code } = await child.exit(60_000).finally(() => child[Symbol.asyncDispose]());
  assert.equal(code, 0, child.said);
}

/** A folder that mosquitto, which runs as another user, can read. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "identities" });
  await Deno.chmod(folder, 0o755);
  await use(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

/** Each client writes its own topic only; the watcher reads all, and the canary writes all. */
const accessList = [
  "pattern write devices/+/%u/will",
  "user watch",
  "topic readwrite #",
  "user canary",
  "topic readwrite #",
  "",
].join("\n");

async function fleet(url: string, folder: string, flags: readonly string[]) {
  const path = `${folder}/report.json`;
  const run = [
    "--clients",
    String(clients),
    "--kill-rate",
    "8/s",
    "--duration",
    "1500ms",
    "--reconnect-after",
    "300ms",
  ];
  const topic = ["--will-topic", "devices/{bucket}/{id}/will", "--kill-mode", "close", "--drain", "1s"];
  const shown = ["--skip-broker-counters", "--report", path];
  await using child = startOurs(["fleet", "--url", url, "--seed", "3", ...run, ...topic, ...shown, ...flags]);
  const { code } = await child.exit(45_000);
  const report = code === 2 ? {} : JSON.parse(await Deno.readTextFile(path));
  return { code, said: child.said, report };
}

peerTest(
  "identities: a credentials file and a password command on mosquitto with a password file",
  [mosquitto],
  async () => {
    await inFolder(async (folder) => {
      const words = [...ids, ...toolNames].map((name) => [name, `word of ${name}`] as const);
      await Deno.writeTextFile(`${folder}/passwords`, words.map(([name, word]) => `${name}:${word}`).join("\n") + "\n");
      await Deno.writeTextFile(`${folder}/acl`, accessList);
      await shell("mosquitto_passwd -U passwords; chmod 644 passwords acl", folder);
      const rows = ids.map((id) => `${id},${id},word of ${id}`);
      await Deno.writeTextFile(`${folder}/devices.csv`, ["client_id,username,password", ...rows].join("\n") + "\n");
      for (const name of toolNames) await Deno.writeTextFile(`${folder}/${name}.txt`, `word of ${name}\n`);
      await using broker = await startMosquitto([`password_file ${folder}/passwords`, `acl_file ${folder}/acl`]);
      const url = `mqtt://127.0.0.1:${broker.port}`;
      const own = toolNames.flatMap((name) => {
        const flag = name === "watch" ? "watcher" : name;
        return [`--${flag}-username`, name, `--${flag}-password-file`, `${folder}/${name}.txt`];
      });
      const byFile = await fleet(url, folder, ["--credentials", `${folder}/devices.csv`, ...own]);
      assert.deepEqual([byFile.code, byFile.report.verdict], [0, "pass"], byFile.said);
      assert.ok(byFile.report.wills.expected > 3, byFile.said);

      // The watchers and canaries have logins of their own: the command never runs for them.
      const command = `echo run >> ${folder}/runs; test {client_id} != watcher && echo "word of" {client_id}`;
      const login = ["--client-id", "dev-{client}", "--username", "{id}", ...own];
      const flags = ["--password-command", command, "--password-lifetime", "700ms", ...login];
      const byCommand = await fleet(url, folder, flags);
      assert.deepEqual([byCommand.code, byCommand.report.verdict], [0, "pass"], byCommand.said);
      const runs = (await Deno.readTextFile(`${folder}/runs`)).trim().split("\n").length;
      assert.ok(runs > clients + 2, `${runs} runs: clients that reconnect later than 700 ms have another token`);
      assert.doesNotMatch(byCommand.said + JSON.stringify(byCommand.report), /word of dev/);
      assert.match(byCommand.report.run.repeat, /--password-command 'echo run/);

      const refused = await fleet(url, folder, [
        "--password-command",
        "echo s3cret; echo no such realm >&2; false",
        ...login,
      ]);
      assert.equal(refused.code, 2, refused.said);
      assert.match(
        refused.said,
        /Cannot get a password for the first client: --password-command .* exit code 1 .*no such realm/,
      );
    });
  },
  120_000,
);

peerTest(
  "identities: a certificate for each client on mosquitto with use_identity_as_username",
  [mosquitto],
  async () => {
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/acl`, accessList);
      for (const name of ["server.pem", "server.key"]) await Deno.copyFile(tlsPath(name), `${folder}/${name}`);
      const names = [...ids, "watch"].map((name) => `'${name}'`).join(" ");
      await shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=fleet ca' -days 2 " +
          "-keyout ca.key -out ca.pem 2>/dev/null; " +
          `for name in ${names}; do ` +
          "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out $name.csr 2>/dev/null; " +
          "openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out $name.pem 2>/dev/null; " +
          "done; chmod 644 *.pem server.key acl",
        folder,
      );
      const rows = ids.map((id) => `${id},${folder}/${id}.pem,${folder}/${id}.key`);
      await Deno.writeTextFile(`${folder}/devices.csv`, ["client_id,cert,key", ...rows].join("\n") + "\n");
      await using broker = await startMosquitto([
        `cafile ${folder}/ca.pem`,
        `certfile ${folder}/server.pem`,
        `keyfile ${folder}/server.key`,
        "require_certificate true",
        "use_identity_as_username true",
        `acl_file ${folder}/acl`,
      ]);
      const url = `mqtts://127.0.0.1:${broker.port}`;
      const own = ["--watcher-tls-cert", `${folder}/watch.pem`, "--watcher-tls-key", `${folder}/watch.key`];
      const tls = ["--tls-ca", tlsPath("ca.pem"), ...own];
      const inColumns = await fleet(url, folder, ["--credentials", `${folder}/devices.csv`, ...tls]);
      assert.deepEqual([inColumns.code, inColumns.report.verdict], [0, "pass"], inColumns.said);
      assert.ok(inColumns.report.wills.expected > 3, inColumns.said);

      const paths = ["--tls-cert", `${folder}/{id}.pem`, "--tls-key", `${folder}/{id}.key`];
      const inPaths = await fleet(url, folder, ["--client-id", "dev-{client}", ...paths, ...tls]);
      assert.deepEqual([inPaths.code, inPaths.report.verdict], [0, "pass"], inPaths.said);

      // With the certificate of another client, the broker drops the wills, which the run reports.
      const swapped = ["--tls-cert", `${folder}/dev-0.pem`, "--tls-key", `${folder}/dev-0.key`];
      const wrong = await fleet(url, folder, ["--client-id", "dev-{client}", ...swapped, ...tls]);
      assert.equal(wrong.code, 1, wrong.said);
      assert.ok(wrong.report.wills.missing > 0, wrong.said);
    });
  },
  120_000,
);
