/** The users file: lines of mosquitto_passwd and of mqtt-sim, and the logins that they permit. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { hashPassword } from "../../../src/broker/access/password_hash.ts";
import { parseUsers, withUser } from "../../../src/broker/access/users.ts";
import { eachCase } from "../../support/steps.ts";

/** Written by mosquitto_passwd 2.0: `-H sha512-pbkdf2` for ann, `-H sha512` for bob. */
const byMosquitto = [
  "# people",
  "",
  "ann:$7$101$c8CRFpJotOCoBPqI$jkrEFGpVldMMNVMNM87q1g0eUN+fzS3OpoDGsY9sQGsqS67Cib7R6FDM37fKVKx9GSVe2BkcHGd8HVhphz5QYA==",
  "bob:$6$97nDMxY3oxfMCLX0$fSMO/f6FREkDX7u6B2G6YJg+rKtYOiwMsvXfXQ4DBdJMsh4rE0QDLfX1t8kKDAQ3wmFXxgvTLZg/BCWsMU/6/w==",
].join("\n");
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("users: a file of mosquitto_passwd accepts the correct passwords", async (t) => {
  const users = parseUsers(byMosquitto, "users");
  assert.equal(users.size, 2);
  await eachCase(t, ["first", "again"], async (time) => {
    assert.equal(await users.verify("ann", bytes("grüße")), true, time);
    assert.equal(await users.verify("bob", bytes("secret")), true, time);
  });
  assert.equal(await users.verify("ann", bytes("secret")), false);
  assert.equal(await users.verify("bob", bytes("")), false);
  assert.equal(await users.verify("bob", undefined), false);
  assert.equal(await users.verify("eve", bytes("secret")), false);
});

Deno.test("users: a hash is salted and slow, and can be read again", async () => {
  const one = await hashPassword("secret", 1_000);
  const other = await hashPassword("secret", 1_000);
  assert.match(one, /^\$7\$1000\$[^$]{24}\$[^$]{88}$/);
  assert.notEqual(one, other);
  const users = parseUsers(`a:${one}\r\nb:${other}\r\n`, "users");
  assert.equal(await users.verify("a", bytes("secret")), true);
  assert.equal(await users.verify("b", bytes("Secret")), false);
});

const bad: readonly [line: string, why: string][] = [
  ["ann", "expected name:hash"],
  [":x", "expected name:hash"],
  ["ann:secret", "expected $7$iterations$salt$hash, as mqtt-sim broker passwd and mosquitto_passwd write it"],
  ["ann:$5$a$b", "expected $7$iterations$salt$hash, as mqtt-sim broker passwd and mosquitto_passwd write it"],
  ["ann:$7$0$AAAA$BBBB", "expected $7$iterations$salt$hash, as mqtt-sim broker passwd and mosquitto_passwd write it"],
];
for (const [line, why] of bad) {
  Deno.test(`users: refuses an invalid line: ${line}`, () => {
    const message = `Cannot read line 2 of users file x: ${why}`;
    assert.throws(() => parseUsers(`# first\n${line}\n`, "x"), new UsageError(message));
  });
}

Deno.test("users: refuses a user name that is listed twice", () => {
  const [, , ann] = byMosquitto.split("\n");
  assert.throws(() => parseUsers(`${ann}\n${ann}`, "x"), /line 2 of users file x: user "ann" occurs twice$/);
});

Deno.test("users: adding or replacing one user leaves the other users unchanged", async (t) => {
  assert.equal(withUser("", "ann", "1"), "ann:1\n");
  assert.equal(withUser("# x\nann:1\nbob:2", "eve", "3"), "# x\nann:1\nbob:2\neve:3\n");
  assert.equal(withUser("# x\nann:1\nbob:2\n", "ann", "3"), "# x\nann:3\nbob:2\n");
  await eachCase(t, ["", "a:b", " a", "a\nb", "#a"], (name) => {
    assert.throws(() => withUser("", name, "1"), UsageError);
  });
});
