/** nats-server with TLS and accounts: an operator, an account with JetStream, and the credentials file of a user. */
import {
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
} from "@nats-io/jwt";
import { tlsPath } from "../tls_fixture.ts";
import { type NatsServer, startNatsServer } from "./nats_server.ts";

/** A server that refuses each client without TLS and credentials. */
export interface SafeNats extends AsyncDisposable {
  readonly server: NatsServer;
  /** The credentials file of a user, and one that another operator signed. */
  readonly creds: string;
  readonly foreignCreds: string;
}

export async function startSafeNats(): Promise<SafeNats> {
  const folder = await Deno.makeTempDir({ prefix: "safe" });
  const [operator, stranger] = [createOperator(), createOperator()];
  const runs = createAccount();
  const system = createAccount();
  const limits = { conn: -1, subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true };
  const store = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const account = (key: typeof runs, signer: typeof operator, more = {}) =>
    encodeAccount("runs", key, { limits: { ...limits, ...more } }, { signer });
  const credsOf = async (issuer: typeof runs, name: string) => {
    const user = createUser();
    await Deno.writeFile(`${folder}/${name}`, fmtCreds(await encodeUser(name, user, issuer), user), { mode: 0o600 });
    return `${folder}/${name}`;
  };
  const text = [
    `operator: ${await encodeOperator("trials", operator, { system_account: system.getPublicKey() })}`,
    `system_account: ${system.getPublicKey()}`,
    "resolver: MEMORY",
    "resolver_preload: {",
    `  ${runs.getPublicKey()}: ${await account(runs, operator, store)}`,
    `  ${system.getPublicKey()}: ${await account(system, operator)}`,
    "}",
    `tls { cert_file: "${tlsPath("server.pem")}", key_file: "${tlsPath("server.key")}" }`,
    "",
  ].join("\n");
  await Deno.writeTextFile(`${folder}/nats.conf`, text);
  const foreign = createAccount();
  await account(foreign, stranger, store);
  const server = await startNatsServer(["-c", `${folder}/nats.conf`], { scheme: "tls" });
  return {
    server,
    creds: await credsOf(runs, "user.creds"),
    foreignCreds: await credsOf(foreign, "foreign.creds"),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
