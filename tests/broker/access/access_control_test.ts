/** Users and rules from both files together: logins, user names, and reloads, which apply completely or not at all. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { AccessControl, type AccessFiles, type LoginToJudge } from "../../../src/broker/access/access_control.ts";
import { hashPassword } from "../../../src/broker/access/password_hash.ts";

const hash = await hashPassword("right", 1_000);
const right = new TextEncoder().encode("right");
const wrong = new TextEncoder().encode("wrong");

async function withFiles(
  test: (paths: { readonly users: string; readonly acl: string }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = { users: `${folder}/users`, acl: `${folder}/acl` };
    await Deno.writeTextFile(paths.users, `ann:${hash}\n`);
    await Deno.writeTextFile(paths.acl, "user ann\ntopic ann/#\n");
    await test(paths);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const login = (more: Partial<LoginToJudge>): LoginToJudge => ({
  clientId: "c",
  username: undefined,
  password: undefined,
  ...more,
});

type Row = readonly [
  name: string,
  files: Partial<AccessFiles>,
  hasUsers: boolean,
  login: Partial<LoginToJudge>,
  verdict: string,
];
const rows: readonly Row[] = [
  ["a client without a name, without files", {}, false, {}, "not-authorized"],
  ["the same where anonymous clients are allowed", { allowAnonymous: true }, false, {}, "accept"],
  ["a name without a users file to prove it", {}, false, { username: "x", password: wrong }, "not-authorized"],
  ["a name beside certificates, without a certificate", { certificateIsUser: true }, false, {
    username: "admin",
  }, "not-authorized"],
  ["anonymous client beside a users file", {}, true, {}, "not-authorized"],
  ["anonymous client with --allow-anonymous", { allowAnonymous: true }, true, {}, "accept"],
  ["a user with the password", {}, true, { username: "ann", password: right }, "accept"],
  ["a user with another password", {}, true, { username: "ann", password: wrong }, "bad-credentials"],
  ["a user without password", {}, true, { username: "ann" }, "bad-credentials"],
  ["unknown user", {}, true, { username: "eve", password: right }, "bad-credentials"],
  [
    "unknown user, also where anonymous clients may log in",
    { allowAnonymous: true },
    true,
    { username: "eve" },
    "bad-credentials",
  ],
  ["certificate whose name is not the user name", {}, true, { certificateName: "m" }, "not-authorized"],
  ["a certificate in place of a name", { certificateIsUser: true }, true, { certificateName: "m" }, "accept"],
];
for (const [name, files, hasUsers, asked, verdict] of rows) {
  Deno.test(`access: ${name}: ${verdict}`, () =>
    withFiles(async ({ users }) => {
      const access = await AccessControl.open({ ...files, ...(hasUsers && { users }) });
      assert.equal(await access.judge(login(asked)), verdict);
    }));
}

Deno.test("access: a certificate's name takes the place of the user name in CONNECT", async () => {
  const access = await AccessControl.open({ certificateIsUser: true });
  const byCertificate = { username: "meter-1", proof: "certificate" };
  assert.deepEqual(access.identityOf(login({ username: "ann", certificateName: "meter-1" })), byCertificate);
  assert.deepEqual(access.identityOf(login({ username: "ann" })), { username: "ann", proof: "password" });
  assert.deepEqual(access.identityOf(login({})), { username: undefined, proof: "none" });
});

Deno.test("access: a reload applies both files or neither", () =>
  withFiles(async ({ users, acl }) => {
    const access = await AccessControl.open({ users, acl });
    const ann = { clientId: "c", username: "ann" };
    assert.equal(access.allows(ann, "publish", "ann/x"), true);
    await Deno.writeTextFile(users, `bob:${hash}\n`);
    await Deno.writeTextFile(acl, "nonsense\n");
    await assert.rejects(access.reload(), UsageError);
    const knows = (username: string | undefined) =>
      access.knows({ username, proof: username === undefined ? "none" : "password" });
    assert.deepEqual([knows("ann"), knows("bob")], [true, false]);
    assert.equal(access.allows(ann, "publish", "ann/x"), true);
    await Deno.writeTextFile(acl, "user bob\ntopic bob/#\n");
    await access.reload();
    assert.deepEqual([knows("ann"), knows("bob"), knows(undefined)], [false, true, false]);
    assert.equal(access.allows(ann, "publish", "ann/x"), false);
  }));

Deno.test("access: a missing file is refused in one sentence", async () => {
  await assert.rejects(
    AccessControl.open({ users: "/nowhere/users" }),
    /^UsageError: Cannot read users file \/nowhere\/users: /,
  );
});
