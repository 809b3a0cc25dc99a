import assert from "node:assert/strict";
import { PasswordCommands } from "../../src/auth/password_command.ts";
import { ManualClock } from "../../src/base/clock.ts";

const clientIdOf = (client: number) => `it's-${client}`;

function commands(command: string, lifetimeMs?: number) {
  const clock = new ManualClock();
  const passwords = new PasswordCommands({ command, lifetimeMs, clientIdOf }, clock);
  const get = async (client: number | undefined) => {
    const fault = await new Promise<string | undefined>((resolve) => passwords.ready(client, resolve));
    return fault ?? new TextDecoder().decode(passwords.passwordOf(client));
  };
  return { clock, get };
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await use(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("password command: each client has its own password, and other connections that of watcher", async () => {
  const { get } = commands("printf '%s=%s\\n' {client} {client_id}");
  assert.deepEqual(await Promise.all([get(7), get(8), get(undefined)]), ["7=it's-7", "8=it's-8", "watcher=watcher"]);
});

Deno.test("password command: without placeholders it runs once for all, until the lifetime is over", async () => {
  await inFolder(async (folder) => {
    const { clock, get } = commands(`echo run >> ${folder}/runs; wc -l < ${folder}/runs | tr -d ' '`, 1_000);
    assert.deepEqual(await Promise.all([get(1), get(2), get(undefined)]), ["1", "1", "1"]);
    clock.advance(999);
    assert.equal(await get(3), "1");
    clock.advance(1);
    assert.deepEqual(await Promise.all([get(3), get(1)]), ["2", "2"]);
  });
});

Deno.test("password command: it does not run for connections that have passwords of their own", async () => {
  const settings = { command: "test {client} = 0 && echo word", ownLogins: true, clientIdOf };
  const passwords = new PasswordCommands(settings, new ManualClock());
  const get = (client: number | undefined) =>
    new Promise<string | undefined>((resolve) => passwords.ready(client, resolve));
  assert.deepEqual([await get(undefined), passwords.passwordOf(undefined)], [undefined, undefined]);
  assert.deepEqual([await get(0), new TextDecoder().decode(passwords.passwordOf(0))], [undefined, "word"]);
  assert.match((await get(1))!, /exit code 1/);
});

Deno.test("password command: at most eight run at the same time", async () => {
  await inFolder(async (folder) => {
    const { get } = commands(`touch ${folder}/{client}; ls ${folder} | wc -l; sleep 0.1; rm ${folder}/{client}`);
    const running = await Promise.all(Array.from({ length: 20 }, (_, client) => get(client)));
    assert.ok(running.every((count) => Number(count) <= 8), `${running}`);
    assert.ok(running.some((count) => Number(count) > 1), `${running}`);
  });
});

Deno.test("password command: a failure is reported with the end of its standard error, without its output", async () => {
  const failed = commands("echo s3cret; echo no such user >&2; exit 3");
  assert.match(
    await failed.get(1),
    /^--password-command "echo .*" ended with exit code 3 after .*: no such user$/,
  );
  assert.equal(await commands(":").get(4), '--password-command ":" wrote no password for watcher');
  assert.equal(await commands(": {client}").get(4), '--password-command ": {client}" wrote no password for it\'s-4');
  assert.match(await commands("head -c 70000 /dev/zero").get(1), /wrote more than the 65,535 bytes of a password$/);
});

Deno.test("password command: after a failure the next CONNECT runs it again", async () => {
  await inFolder(async (folder) => {
    const { get } = commands(`if [ -e ${folder}/there ]; then echo word; else touch ${folder}/there; exit 1; fi`);
    assert.match(await get(1), /ended with exit code 1/);
    assert.equal(await get(1), "word");
  });
});
