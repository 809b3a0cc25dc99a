/**
 * The table of docs/command-line.md: which command takes which flag of connections and identities, and to which
 * connections of a run it applies. The commands are compared with their grammar; the logins, identifiers, certificates
 * and settings of the endpoint are those of plans with and without the flag.
 */
import assert from "node:assert/strict";
import { extractOptionNames } from "@optique/core/usage";
import { whyUnused } from "../../src/cli/command_line.ts";
import { commands } from "../../src/cli/line/grammar.ts";
import { connectPacketOf, plainConnectPacket } from "../../src/fleet/client/connect_packet.ts";
import { beginLife } from "../../src/fleet/life/life.ts";
import { clientIdOf, ownClientId } from "../../src/fleet/plan/client_id.ts";
import { ownPair } from "../../src/fleet/plan/client_pair.ts";
import { CredentialRowsWriter } from "../../src/fleet/plan/credential_rows.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import type { FleetPlan } from "../../src/fleet/plan/plan.ts";
import { type OptionName, planOptions } from "../../src/fleet/plan/plan_options.ts";
import { authOptions } from "../../src/fleet/plan/table/auth_options.ts";
import { connectionOptions } from "../../src/fleet/plan/table/connection_options.ts";
import { identityOptions } from "../../src/fleet/plan/table/identity_options.ts";
import { securedNodes, securedTarget } from "../../src/fleet/preflight/fleet_tls.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { tlsPath } from "../support/tls_fixture.ts";

const names: readonly OptionName[] = [
  ...["nodes", "watchNodes", "sourceAddresses", "sourcePorts"] as const,
  ...Object.keys({ ...identityOptions, ...authOptions, ...connectionOptions }) as OptionName[],
];

const page = await Deno.readTextFile(new URL("../../docs/command-line.md", import.meta.url));
const rows = new Map(
  [...page.matchAll(/^\| `(--[\w-]+)` +\|(.*)\|$/gm)].map(([, flag, cells]) => [
    flag!,
    cells!.split("|").map((cell) => cell.trim()),
  ]),
);

/** The cells of a flag. */
function cellsOf(name: OptionName) {
  const [fleet, capacity, check, part, watchers, canaries, nodes] = rows.get(`--${planOptions[name].flag}`) ?? [];
  return { fleet, capacity, check, part, watchers, canaries, nodes };
}

Deno.test("connection flags: the table has each flag of connections and identities, and no other", () => {
  assert.deepEqual([...rows.keys()].sort(), names.map((name) => `--${planOptions[name].flag}`).sort());
});

Deno.test("connection flags: each command takes a flag, or refuses it with a reason, as the table has it", () => {
  for (const name of names) {
    const flag = `--${planOptions[name].flag}`;
    for (const command of ["fleet", "capacity", "check", "part"] as const) {
      const takes = new Set(extractOptionNames(commands[command].usage)).has(flag);
      const why = whyUnused(flag, command);
      assert.equal(takes, why === undefined, `${command} ${flag}: ${why ?? "neither taken nor refused with a reason"}`);
      const word = takes ? "yes" : command === "part" ? "plan" : "no";
      assert.equal(cellsOf(name)[command], word, `${flag} with ${command}`);
    }
  }
});

/** The connections of a plan: identifiers, logins, certificates. */
function connectionsOf(plan: FleetPlan) {
  const packetOf = (number: number) => connectPacketOf(plan, beginLife(plan, { number, bucket: 0, version: 5 }, 1));
  const loginOf = (
    { username, password }: { readonly username?: string; readonly password?: Uint8Array },
  ) => [username, password && new TextDecoder().decode(password)];
  const watcherId = ownClientId(plan, "w0");
  return {
    watchers: [watcherId, ...loginOf(plainConnectPacket(plan, 5, watcherId)), ownPair(plan)],
    canaries: [clientIdOf(plan, plan.clients), ...loginOf(packetOf(plan.clients)), ownPair(plan)],
  };
}

function oneRow() {
  const writer = new CredentialRowsWriter(["client_id", "username", "password"], 100);
  writer.add(["dev-0", "user", "word"]);
  return writer.rows();
}

const base = { run: "r", seed: 1, clients: 1 };
/** A value of each option that changes an identifier, a login or a certificate. */
const identities: Partial<Record<OptionName, Partial<FleetPlan>>> = {
  clientPrefix: { clientPrefix: "other" },
  clientId: { clientId: "dev-{client}" },
  shortClientIds: { shortClientIds: true },
  credentials: { credentials: "f.csv", credentialRows: oneRow() },
  username: { username: "u" },
  password: { password: "p" },
  watcherUsername: { watcherUsername: "u" },
  watcherPasswordFile: { watcherUsername: "u", watcherPasswordFile: "f", watcherPassword: "p" },
  canaryUsername: { canaryUsername: "u" },
  canaryPasswordFile: { canaryUsername: "u", canaryPasswordFile: "f", canaryPassword: "p" },
  tlsCert: { tlsCert: "c.pem", tlsKey: "k.pem" },
  tlsKey: { tlsCert: "c.pem", tlsKey: "k.pem" },
  watcherTlsCert: { watcherTlsCert: "c.pem", watcherTlsKey: "k.pem" },
  watcherTlsKey: { watcherTlsCert: "c.pem", watcherTlsKey: "k.pem" },
};

Deno.test("connection flags: identifiers, logins and certificates apply to watchers and canaries as the table has it", () => {
  const plain = connectionsOf(makePlan(base));
  for (const [name, more] of Object.entries(identities)) {
    const connections = connectionsOf({ ...makePlan(base), ...more });
    for (const who of ["watchers", "canaries"] as const) {
      const changes = JSON.stringify(connections[who]) !== JSON.stringify(plain[who]);
      assert.equal(cellsOf(name as OptionName)[who], changes ? "yes" : "no", `--${name} for ${who}`);
    }
  }
});

/** A value of each option of the endpoint. */
const ofEndpoint: Partial<Record<OptionName, Partial<FleetPlan>>> = {
  tlsCa: { tlsCa: tlsPath("ca.pem") },
  tlsServerName: { tlsServerName: "broker.example" },
  tlsInsecure: { tlsInsecure: true },
  alpn: { alpn: "mqtt" },
  tlsCert: { tlsCert: tlsPath("client.pem"), tlsKey: tlsPath("client.key") },
  watcherTlsCert: { watcherTlsCert: tlsPath("client.pem"), watcherTlsKey: tlsPath("client.key") },
  proxy: { proxy: "http://127.0.0.1:1" },
  wsHeaders: { wsHeaders: ["X-Key=1"] },
  awsSign: { awsSign: "eu-central-1" },
};

Deno.test("connection flags: the settings of the endpoint apply to each node as to the target", async () => {
  const nodes = ["a", "b"].map((name) => ({ name, url: `wss://${name}.example`, share: 1 }));
  const awsCredentials = { accessKeyId: "i", secretAccessKey: "s" };
  for (const [name, more] of Object.entries(ofEndpoint)) {
    const plan = { ...makePlan({ ...base, nodes }), ...more };
    const target = { ...parseEndpoint("wss://a.example"), awsCredentials };
    const secured = await securedTarget(target, plan, () => {});
    assert.notDeepEqual(secured, target, `--${name} has an effect`);
    const [first, second] = (await securedNodes(plan, target)).nodes!;
    assert.deepEqual(first, secured, name);
    const { host: _, url: _url, ...rest } = second!;
    const { host: _h, url: _u, ...settings } = secured;
    assert.deepEqual(rest, settings, name);
    assert.equal(cellsOf(name as OptionName).nodes, "yes", name);
  }
});
