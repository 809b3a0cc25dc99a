/** `mqtt-sim check` as a child process, on real brokers. */
import assert from "node:assert/strict";
import { hashPassword } from "../../src/broker/access/password_hash.ts";
import { testedEngines } from "../net/loopback.ts";
import {
  brokerReady,
  mosquitto,
  peerTest,
  startAedes,
  startMosquitto,
  startOurBroker,
  startOurs,
} from "../support/brokers/peers.ts";
import { tlsPath } from "../support/tls_fixture.ts";

/** Runs the command; returns its exit code and its report. */
async function check(...args: readonly string[]) {
  const folder = await Deno.makeTempDir();
  try {
    await using child = startOurs(["check", ...args, "--quiet", "--report", `${folder}/check.json`]);
    const { code } = await child.exit(180_000);
    return { code, report: JSON.parse(await Deno.readTextFile(`${folder}/check.json`)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const outcomes = (report: { cases: { id: string; protocol: string; outcome: string }[] }) =>
  report.cases.map(({ id, protocol, outcome }) => `${id} ${protocol} ${outcome}`);

peerTest(
  "check: the missing will after a DISCONNECT with an error is in mosquitto's profile",
  [mosquitto],
  async () => {
    await using broker = await startMosquitto();
    const asked = ["--url", broker.url, "--only", "will/reset", "--only", "will/disconnect-0x80"];
    const strict = await check(...asked);
    assert.deepEqual(outcomes(strict.report), [
      "will/reset 3.1.1 pass",
      "will/reset 5.0 pass",
      "will/disconnect-0x80 5.0 fail",
    ]);
    assert.equal(strict.code, 1);
    const known = await check(...asked, "--profile", "mosquitto");
    assert.deepEqual({ code: known.code, deviation: known.report.counts.deviation }, { code: 0, deviation: 1 });
  },
);

peerTest("check: a version that aedes does not support is not testable, and the other is judged", [], async () => {
  await using broker = await startAedes();
  const { code, report } = await check("--url", broker.url, "--only", "will/reset");
  assert.deepEqual(outcomes(report), ["will/reset 3.1.1 pass", "will/reset 5.0 not testable"]);
  assert.equal(code, 0);
});

for (const { name } of testedEngines) {
  peerTest(`check: a separate broker process with engine ${name} passes each case`, [], async () => {
    const folder = await Deno.makeTempDir();
    try {
      const users = `${folder}/users`;
      await Deno.writeTextFile(users, `you:${await hashPassword("s3cret", 1_000)}\n`);
      await Deno.writeTextFile(`${folder}/password`, "s3cret\n");
      await using broker = await startOurBroker(["--engine", name, "--users", users, "--sys-interval", "1s"]);
      const login = ["--username", "you", "--password-file", `${folder}/password`];
      const { code, report } = await check("--url", broker.url, "--engine", name, ...login);
      const { pass, fail } = report.counts;
      assert.deepEqual({ code, engine: report.engine, fail }, { code: 0, engine: name, fail: 0 }, report.reason);
      assert.ok(pass > 500, report.reason);
      // Without a restart command and a denied topic.
      const left = report.cases.filter(({ outcome }: { outcome: string }) => outcome === "not testable");
      for (const { id } of left) assert.match(id, /restart|denied/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  peerTest(`check: the embedded broker with engine ${name} restarts and denies its topic`, [], async () => {
    const { code, report } = await check("--engine", name, "--only", "will/restart", "--only", "will/denied");
    assert.deepEqual({ code, pass: report.counts.pass, fail: report.counts.fail }, {
      code: 0,
      pass: report.cases.length,
      fail: 0,
    }, report.reason);
    assert.ok(report.cases.length >= 6, report.reason);
  });
}

peerTest("check: without a broker the check is void", [], async () => {
  const { code, report } = await check("--url", "mqtt://127.0.0.1:1", "--only", "will/reset");
  assert.deepEqual({ code, verdict: report.verdict, cases: report.cases }, { code: 3, verdict: "void", cases: [] });
});

peerTest(
  "check: --restart-command runs once for all cases, and one without effect is detected",
  [mosquitto],
  async () => {
    const folder = await Deno.makeTempDir();
    await using broker = await startMosquitto();
    // The command restarts nothing: connected clients stay connected, so no will is due.
    const args = ["--url", broker.url, "--only", "will/restart-living", "--only", "will/restart-left"];
    const { report } = await check(...args, "--restart-command", `echo asked >> ${folder}/restarts`);
    // Once for all cases, and once for each of the two that fail, because check repeats those alone.
    assert.equal(await Deno.readTextFile(`${folder}/restarts`), "asked\n".repeat(3));
    assert.deepEqual(outcomes(report), [
      "will/restart-living 3.1.1 fail",
      "will/restart-living 5.0 fail",
      "will/restart-left 3.1.1 pass",
      "will/restart-left 5.0 pass",
    ]);
    await Deno.remove(folder, { recursive: true });
  },
);

peerTest(
  "check: TLS works with a custom certificate; a wrong authority or none makes the check void",
  [],
  async () => {
    const trusted = ["--tls-ca", tlsPath("ca.pem")];
    const own = ["--tls-cert", tlsPath("client.pem"), "--tls-key", tlsPath("client.key")];
    const files = ["--tls-cert", tlsPath("server.pem"), "--tls-key", tlsPath("server.key"), ...trusted];
    const listen = ["mqtt", "mqtts", "wss"].flatMap((scheme) => ["--listen", `${scheme}://127.0.0.1:0`]);
    await using broker = await brokerReady(startOurs(["broker", ...listen, ...files, "--tls-client-auth", "require"]));
    const [line] = await broker.child.line(/.*listening on.*/);
    const asked = ["--quick", "--only", "connect"];
    for (const scheme of ["mqtts", "wss"]) {
      const url = line.match(new RegExp(`\\b${scheme}://127\\.0\\.0\\.1:\\d+\\S*`))![0];
      const { code, report } = await check("--url", url, ...asked, ...trusted, ...own);
      assert.deepEqual({ code, verdict: report.verdict }, { code: 0, verdict: "pass" }, `${scheme}: ${report.reason}`);
      assert.doesNotMatch(JSON.stringify(report), /PRIVATE KEY/);
      const distrustful = await check("--url", url, ...asked, ...own);
      assert.deepEqual(
        { code: distrustful.code, verdict: distrustful.report.verdict },
        { code: 3, verdict: "void" },
        scheme,
      );
      assert.match(
        distrustful.report.reason,
        /^cannot reach [^\n]*certificate[^\n]*; name the authority of a private certificate with --tls-ca FILE$/,
      );
      const refused = await check("--url", url, ...asked, ...trusted);
      assert.deepEqual({ code: refused.code, verdict: refused.report.verdict }, { code: 3, verdict: "void" }, scheme);
      const careless = await check("--url", url, "--quick", "--only", "connect/first-packet", ...own, "--tls-insecure");
      assert.ok(
        careless.report.warnings.some((text: string) => text.includes("(--tls-insecure)")),
        careless.report.reason,
      );
    }
  },
);
