/** The packets of an enhanced authentication, and the data of `--auth-data` and `--auth-command`. */
import assert from "node:assert/strict";
import { authenticatorOf, authFault, type AuthSettings, readAuthData } from "../../src/auth/auth_settings.ts";
import { ConnectAuth } from "../../src/auth/connect_auth.ts";
import { UsageError } from "../../src/base/failure.ts";
import type { AuthPacket, ConnectPacket } from "../../src/mqtt/packet.ts";

const connect: ConnectPacket = {
  type: "connect",
  protocolVersion: 5,
  cleanStart: true,
  keepAliveS: 10,
  clientId: "it's",
  username: "u",
  password: Uint8Array.of(1),
  properties: { sessionExpiryIntervalS: 7 },
};
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);

/** A connection that records what is sent; `next` waits for the next packet or failure. */
function started(settings: AuthSettings, data?: Uint8Array) {
  const sent: (ConnectPacket | AuthPacket | string)[] = [];
  let wake = () => {};
  const add = (item: ConnectPacket | AuthPacket | string) => (sent.push(item), wake());
  const auth = new ConnectAuth(authenticatorOf(settings, data)!, connect, { send: add, fail: add });
  const next = async () => {
    if (sent.length === 0) await new Promise<void>((resolve) => wake = resolve);
    const item = sent.shift()!;
    if (typeof item === "string") return `fault: ${item}`;
    const { authenticationMethod, authenticationData } = item.properties!;
    const code = item.type === "auth" ? ` ${item.reasonCode}` : "";
    return `${item.type}${code} ${authenticationMethod} ${textOf(authenticationData)}`;
  };
  auth.start();
  return { auth, sent, next };
}

const challenge = (data: string, method: string | undefined = "X"): AuthPacket => ({
  type: "auth",
  reasonCode: 0x18,
  properties: { ...method !== undefined && { authenticationMethod: method }, authenticationData: bytes(data) },
});

// [MQTT5 4.12.1-1]
Deno.test("auth: a method with data sends them in CONNECT, beside the login, and keeps its properties", async () => {
  const { auth, sent, next } = started({ authMethod: "X" }, bytes("token"));
  assert.deepEqual(sent, [{
    ...connect,
    properties: { sessionExpiryIntervalS: 7, authenticationMethod: "X", authenticationData: bytes("token") },
  }]);
  assert.equal(await next(), "connect X token");
  assert.equal(auth.onAccepted({ type: "connack", sessionPresent: false, reasonCode: 0 }), true);
  auth.renew();
  assert.equal(await next(), "auth 25 X token");
  auth.onAuth({ type: "auth", reasonCode: 0, properties: { authenticationMethod: "X" } });
  assert.equal(sent.length, 0, "the connection is authenticated again");
});

Deno.test("auth: a method with data has no answer to a challenge", async () => {
  const { auth, next } = started({ authMethod: "X" }, bytes("token"));
  await next();
  auth.onAuth(challenge("more"));
  assert.match(await next(), /^fault: the broker asks for a further step of X, which --auth-data does not have/);
});

Deno.test("auth: SCRAM sends neither user name nor password in CONNECT", () => {
  const { sent } = started({ authMethod: "SCRAM-SHA-256" });
  const [{ username, password, clientId }] = sent as [ConnectPacket];
  assert.deepEqual([username, password, clientId], [undefined, undefined, "it's"]);
});

// [MQTT5 4.12.0-3]
Deno.test("auth: a command gets the server's data, the client and the step, and its output is the data", async () => {
  const authCommand = "printf '%s ' {step} {client_id} {username}; tr a-z A-Z; echo";
  const { auth, next } = started({ authMethod: "X", authCommand });
  assert.equal(await next(), "connect X 1 it's u ");
  auth.onAuth(challenge("more"));
  assert.equal(await next(), "auth 24 X 2 it's u MORE");
  auth.onAuth(challenge("again"));
  assert.equal(await next(), "auth 24 X 3 it's u AGAIN");
  assert.equal(auth.onAccepted({ type: "connack", sessionPresent: false, reasonCode: 0 }), true);
});

const commands: readonly (readonly [command: string, why: RegExp])[] = [
  ["echo no token >&2; exit 3", /^fault: --auth-command "echo no token .*" ended with exit code 3 after .*: no token$/],
  ["echo base64:?", /could not be used: Cannot use the output of --auth-command: the text after base64: is not base64/],
];
for (const [authCommand, why] of commands) {
  Deno.test(`auth: the command ${JSON.stringify(authCommand)} ends the connection with the reason`, async () => {
    assert.match(await started({ authMethod: "X", authCommand }).next(), why);
  });
}

Deno.test("auth: a command may write base64, and what it writes after the connection's end is not sent", async () => {
  const { next } = started({ authMethod: "X", authCommand: "cat; echo base64:aMOk" });
  assert.equal(await next(), "connect X hä");
  const { auth, sent } = started({ authMethod: "X", authCommand: "echo late" });
  auth.stop();
  await started({ authMethod: "X", authCommand: "sleep 0.05" }).next();
  assert.deepEqual(sent, []);
});

const breaks: readonly (readonly [name: string, packet: AuthPacket, why: RegExp])[] = [
  ["another method", challenge("a", "Y"), /sent AUTH with the authentication method "Y", and CONNECT had "X"/],
  ["no method", { type: "auth", reasonCode: 0x18 }, /sent AUTH with no authentication method, and CONNECT had "X"/],
  [
    "success before CONNACK",
    { type: "auth", reasonCode: 0, properties: { authenticationMethod: "X", reasonString: "ok" } },
    /sent AUTH with 0x00 \(Success\), reason string "ok"/,
  ],
];
for (const [name, packet, why] of breaks) {
  Deno.test(`auth: AUTH with ${name} ends the connection`, async () => {
    const { auth, next } = started({ authMethod: "X" }, bytes("t"));
    await next();
    auth.onAuth(packet);
    assert.match(await next(), why);
  });
}

Deno.test("auth: AUTH on an open connection, where nothing is under way, ends it", async () => {
  const { auth, next } = started({ authMethod: "X" }, bytes("t"));
  await next();
  auth.onAccepted({ type: "connack", sessionPresent: false, reasonCode: 0 });
  auth.onAuth(challenge("a"));
  assert.match(await next(), /sent AUTH, and no authentication was under way/);
});

Deno.test("auth: a server that never ends the exchange is left after 20 steps", async () => {
  const { auth, sent } = started({ authMethod: "X", authCommand: ":" });
  for (let step = 0; step < 21; step++) auth.onAuth(challenge("a"));
  assert.equal(sent.at(-1), "the broker sent more than 20 AUTH packets");
  await new Promise((resolve) => setTimeout(resolve, 300));
});

const settings: readonly (readonly [AuthSettings, string | undefined])[] = [
  [{}, undefined],
  [{ authMethod: "SCRAM-SHA-512" }, undefined],
  [{ authMethod: "X", authData: "" }, undefined],
  [{ authData: "x" }, "--auth-data alone: --auth-method with it"],
  [{ authCommand: "x" }, "--auth-command alone: --auth-method with it"],
  [{ authMethod: "X" }, '--auth-method "X" alone: --auth-data or --auth-command with it'],
  [{ authMethod: "X", authData: "a", authCommand: "b" }, "--auth-data together with --auth-command: one of them"],
  [
    { authMethod: "SCRAM-SHA-256", authData: "x" },
    '--auth-data with --auth-method "SCRAM-SHA-256": --username and a password',
  ],
  [
    { authMethod: "scram-sha-256" },
    '--auth-method "scram-sha-256": SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-512, or --auth-command for another method',
  ],
  [
    { authMethod: "a\nb", authData: "x" },
    '--auth-method "a\\nb": a name of 1 to 255 characters, such as SCRAM-SHA-256',
  ],
];
for (const [given, fault] of settings) {
  Deno.test(`auth: ${JSON.stringify(given)} is ${fault === undefined ? "valid" : "refused"}`, () => {
    const found = authFault(given);
    assert.equal(found && `${found[1]}: ${found[2]}`, fault);
  });
}

Deno.test("auth: data come from a text, base64 or a file, whose last line end does not count", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes("to\nken\r\n"));
    assert.equal(textOf(await readAuthData("token")), "token");
    assert.equal(textOf(await readAuthData("base64:dG9rZW4=")), "token");
    assert.equal(textOf(await readAuthData(`@${path}`)), "to\nken");
    await Deno.writeFile(path, new Uint8Array(65_537).fill(97));
    for (const bad of ["base64:a?", "base64:abcde", `@${path}`, `@${path}.no`]) {
      await assert.rejects(readAuthData(bad), UsageError, bad);
    }
  } finally {
    await Deno.remove(path);
  }
});
