/** The clients that each flag of access admits, and invalid combinations of flags. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { BrokerFlags } from "../../../src/cli/broker/broker_flags.ts";
import { settingsOf } from "../../../src/cli/broker/broker_options.ts";
import { passwd } from "../../../src/cli/broker/broker_passwd.ts";
import { openSecurity } from "../../../src/cli/broker/broker_security.ts";
import { type Keys, readPassword } from "../../../src/cli/broker/password_prompt.ts";
import { parseUsers } from "../../../src/broker/access/users.ts";
import { tlsPath } from "../../support/tls_fixture.ts";
import { captured } from "../captured.ts";

async function securityOf(...args: string[]) {
  return await openSecurity(await settingsOf(readCommandLine(["broker", ...args], captured()) as BrokerFlags));
}

const cert = ["--tls-cert", tlsPath("server.pem"), "--tls-key", tlsPath("server.key")];
const clients = ["--tls-ca", tlsPath("ca.pem"), "--tls-client-auth", "require"];

const open = (url: string) =>
  `Cannot accept every client on the network at ${url}: expected --users, or client certificates over TLS ` +
  "(--tls-client-auth require), or --allow-anonymous";

const refused: readonly [args: string[], sentence: string][] = [
  [["--host", "0.0.0.0"], open("mqtt://0.0.0.0:1883")],
  [["--host", "::"], open("mqtt://[::]:1883")],
  [["--listen", "mqtts://192.0.2.1:8883", ...cert], open("mqtts://192.0.2.1:8883")],
  [
    ["--listen", "mqtts://0.0.0.0:8883", "--listen", "ws://0.0.0.0:80", ...cert, ...clients],
    open("ws://0.0.0.0:80/mqtt"),
  ],
  [
    ["--listen", "mqtt://127.0.0.1:1883", "--port", "1"],
    "Cannot use --host and --port together with --listen: its URLs contain both",
  ],
  [["--tls-cert", "x"], "Cannot serve TLS with one of --tls-cert and --tls-key: expected both"],
  [["--acl", "x"], "Cannot use --acl without authenticated user names: expected --users, or --tls-username cn"],
  [
    ["--acl", "x", "--allow-anonymous"],
    "Cannot use --acl without authenticated user names: expected --users, or --tls-username cn",
  ],
  [
    [...cert, "--tls-username", "cn"],
    "Cannot use --tls-username without client certificates: expected --tls-client-auth require or request, and --tls-ca",
  ],
  [["--tls-ca", "x"], "Cannot use --tls-ca and --tls-client-auth without --tls-cert and --tls-key"],
];
for (const [args, sentence] of refused) {
  Deno.test(`broker security: refuses ${args.map((arg) => arg.split("/").at(-1)).join(" ")}`, async () => {
    await assert.rejects(securityOf(...args), new UsageError(sentence));
  });
}

const served: readonly (readonly [args: string[], urls: string[]])[] = [
  [[], ["mqtt://127.0.0.1:1883"]],
  [["--host", "::1", "--port", "0"], ["mqtt://[::1]:0"]],
  [["--host", "0.0.0.0", "--allow-anonymous"], ["mqtt://0.0.0.0:1883"]],
  [["--listen", "mqtts://0.0.0.0", "--listen", "wss://[::]", ...cert, ...clients], [
    "mqtts://0.0.0.0:8883",
    "wss://[::]:443/mqtt",
  ]],
];
for (const [args, urls] of served) {
  Deno.test(`broker security: serves ${urls.join(" ")}`, async () => {
    assert.deepEqual((await securityOf(...args)).options.listen?.map(({ url }) => url), urls);
  });
}

/** The input, piped or typed. */
function keysOf(text: string, isTerminal: boolean): Keys & { raw: boolean[] } {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const raw: boolean[] = [];
  return {
    raw,
    isTerminal: () => isTerminal,
    setRaw: (on) => void raw.push(on),
    readSync(buffer) {
      if (at >= bytes.length) return null;
      buffer[0] = bytes[at++]!;
      return 1;
    },
  };
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("broker passwd: reads the password from the first line of standard input", () => {
  assert.equal(textOf(readPassword(captured(), keysOf("grüße dich\nmore\n", false))), "grüße dich");
  assert.throws(() => readPassword(captured(), keysOf("\n", false)), /^UsageError: Cannot use an empty password$/);
});

Deno.test("broker passwd: on a terminal it asks twice and does not show the password", () => {
  const output = captured();
  const keys = keysOf("secreet\x7f\x7ft\rsecret\r", true);
  assert.equal(textOf(readPassword(output, keys)), "secret");
  assert.equal(output.written.err, "Password: \nAgain: \n");
  assert.deepEqual(keys.raw, [true, false, true, false]);
  assert.throws(() => readPassword(captured(), keysOf("one\rtwo\r", true)), /the two entries differ$/);
  const interrupted = keysOf("on\x03", true);
  assert.throws(() => readPassword(captured(), interrupted), /Missing password$/);
  assert.deepEqual(interrupted.raw, [true, false], "the terminal is as it was");
});

Deno.test("broker passwd: adds or replaces a user and keeps the other users", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/users`;
    const output = captured();
    const give = (user: string, password: string) =>
      passwd({ command: "broker passwd", file, user }, output, () => new TextEncoder().encode(password));
    for (const [user, password] of [["ann", "one"], ["bob", "two"], ["ann", "three"]] as const) {
      assert.equal(await give(user, password), 0);
    }
    const users = parseUsers(await Deno.readTextFile(file), file);
    const verify = (user: string, password: string) => users.verify(user, new TextEncoder().encode(password));
    assert.deepEqual([await verify("ann", "three"), await verify("ann", "one"), await verify("bob", "two")], [
      true,
      false,
      true,
    ]);
    assert.match(output.written.out, /^Added user "ann" .*\nAdded user "bob" .*\nChanged the password of user "ann" /);
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    await assert.rejects(give("a:b", "x"), UsageError);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["users"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
