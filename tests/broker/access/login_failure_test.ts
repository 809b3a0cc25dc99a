/** Failed logins: their count, and one warning each with address, user, client and reason, but never the password. */
import assert from "node:assert/strict";
import { failedLoginText, type LoginFailure, loginFailures } from "../../../src/broker/access/login_failure.ts";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import { serve } from "../../../src/broker/serve/serve.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";
import { aWill, bytesOf, type ConnectAsked, connectPacket, Stage } from "../stage.ts";

const login: ConnectAsked = { clientId: "c1", username: "ann", password: bytesOf("secret-4711") };

interface Failing {
  readonly failure: LoginFailure;
  readonly options: Omit<CoreOptions, "clock">;
  readonly asked: ConnectAsked;
  readonly line: string;
}

const byAnswer: readonly Failing[] = [
  {
    failure: "bad-credentials",
    options: { authenticate: () => "bad-credentials" },
    asked: login,
    line: 'user "ann", client "c1": the user name or the password is wrong',
  },
  {
    failure: "bad-credentials",
    options: { authenticate: () => Promise.resolve("bad-credentials") },
    asked: login,
    line: 'user "ann", client "c1": the user name or the password is wrong',
  },
  {
    failure: "no-user-name",
    options: { authenticate: () => "not-authorized" },
    asked: { clientId: "c1" },
    line: 'no user name, client "c1": the client sent neither a user name nor a certificate with one',
  },
  {
    failure: "not-authorized",
    options: { authenticate: () => "not-authorized" },
    asked: login,
    line: 'user "ann", client "c1": the broker does not accept this user',
  },
  {
    failure: "busy",
    options: { authenticate: () => "busy" },
    asked: login,
    line: 'user "ann", client "c1": too many password checks are queued',
  },
  {
    failure: "will-denied",
    options: { authenticate: () => "accept", authorize: () => false },
    asked: { ...login, will: aWill() },
    line: 'user "ann", client "c1": the user may not publish to the topic of the will',
  },
  {
    failure: "error",
    options: {
      authenticate: () => {
        throw new Error("no database");
      },
    },
    asked: login,
    line: 'user "ann", client "c1": the login check failed: "Error: no database"',
  },
];

for (const [index, { failure, options, asked, line }] of byAnswer.entries()) {
  Deno.test(`failed login: logs and counts ${failure} (${index + 1})`, async () => {
    const stage = new Stage(options);
    const client = stage.connect(asked);
    await Promise.resolve().then(() => {}).then(() => {});
    stage.settle();
    assert.notEqual(client.connack!.reasonCode, 0);
    assert.equal(stage.logged.length, 1);
    assert.match(stage.logged[0]!, /^warn: Failed login from \S+, /);
    assert.ok(stage.logged[0]!.endsWith(line), stage.logged.join());
    assert.ok(!stage.logged.join().includes("secret-4711"));
    const { failed } = stage.core.metrics.snapshot().logins;
    assert.deepEqual(failed, { ...none(), [failure]: 1 });
  });
}

const none = () => Object.fromEntries(loginFailures.map((failure) => [failure, 0]));

Deno.test("failed login: logs a client that asks for the session of another user", () => {
  const stage = new Stage({ authenticate: () => "accept" });
  stage.connect({ ...login, properties: { sessionExpiryIntervalS: 60 } }).die();
  assert.equal(stage.connect({ ...login, username: "bob" }).connack!.reasonCode, 0x87);
  assert.match(
    stage.logged[0]!,
    /user "bob", client "c1": the client identifier belongs to a session of another user$/,
  );
  assert.equal(stage.core.metrics.loginsFailed["other-user"], 1);
});

Deno.test("failed login: an accepted login logs and counts no failure", () => {
  const stage = new Stage({ authenticate: () => "accept" });
  stage.connect(login);
  assert.deepEqual([stage.logged, stage.core.metrics.snapshot().logins.failed], [[], none()]);
});

Deno.test("failed login: the broker logs and counts a client that does not wait for CONNACK", async () => {
  const { promise, resolve } = Promise.withResolvers<"bad-credentials">();
  const stage = new Stage({ authenticate: () => promise });
  stage.connect(login).die("end");
  resolve("bad-credentials");
  await promise.then(() => {}).then(() => {});
  assert.equal(stage.logged.length, 1);
  assert.equal(stage.core.metrics.loginsFailed["bad-credentials"], 1);
});

Deno.test("failed logins: the log limits the lines of a flood, and the counter counts each login", () => {
  const stage = new Stage({ authenticate: () => "bad-credentials" });
  for (let each = 0; each < 250; each++) stage.connect({ ...login, clientId: `c${each}` });
  assert.ok(stage.logged.length <= 20, `${stage.logged.length} lines`);
  stage.advance(10_000);
  const left = 250 - (stage.logged.length - 1);
  assert.equal(stage.logged.at(-1), `warn: ${left} more failed logins within 10s are not in the log`);
  assert.equal(stage.core.metrics.loginsFailed["bad-credentials"], 250);
});

Deno.test("failed login: the log quotes, escapes and cuts the names of a client", () => {
  const text = failedLoginText({
    failure: "bad-credentials",
    peer: "192.0.2.1:5",
    username: 'a", client "x\r\n\u001b[31m\u0085\u2028',
    certificateName: "n".repeat(1_000),
    clientId: "😀".repeat(70),
  });
  assert.equal(
    text,
    'Failed login from 192.0.2.1:5, user "a\\", client \\"x\\r\\n\\u001b[31m\\u0085\\u2028", ' +
      `certificate "${"n".repeat(64)}…", client "${"😀".repeat(64)}…": the user name or the password is wrong`,
  );
});

Deno.test("failed login: the log names the certificate of the client", () => {
  const stage = new Stage({ authenticate: () => "not-authorized" });
  const tasks: (() => void)[] = [];
  const [near, far] = memoryLinkPair((task) => tasks.push(task));
  serve(stage.core, Object.assign(near, { certificateName: "device-7" }), () => {});
  far.write(encode(connectPacket({ clientId: "c1" }), 5));
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  assert.equal(stage.core.metrics.loginsFailed["not-authorized"], 1);
  assert.match(stage.logged[0]!, /, no user name, certificate "device-7", client "c1": the broker does not accept/);
});
