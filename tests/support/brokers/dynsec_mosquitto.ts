/** mosquitto with its dynamic security plugin, whose command ends the connections of a user. */
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { type BrokerPeer, find, startMosquitto } from "./peers.ts";

export const mosquittoCtrl = await find(["mosquitto_ctrl"], ["-?"], "apt-get install mosquitto");
const plugins = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
  .map((folder) => `${folder}/mosquitto_dynamic_security.so`);
const iterations = 101;
const admin = { name: "admin", password: "of-the-admin" };

/** A broker that runs, and the command that ends a client whose user name is its identifier. */
export interface DynsecMosquitto extends BrokerPeer {
  readonly kickCommand: string;
}

/** Starts it. All users but the administrator have one password, and may use every topic. */
export async function startDynsecMosquitto(users: readonly string[], password: string): Promise<DynsecMosquitto> {
  const folder = await Deno.makeTempDir({ prefix: "mosquitto" });
  const file = `${folder}/dynsec.json`;
  await Deno.writeTextFile(file, JSON.stringify(configuration(users, password)));
  const plugin = plugins.find((path) => isThere(path));
  if (plugin === undefined) throw new Error(`mosquitto has no dynamic security plugin at ${plugins}`);
  const lines = ["allow_anonymous false", `plugin ${plugin}`, `plugin_opt_config_file ${file}`, "user root"];
  const broker = await startMosquitto(lines);
  const control = `mosquitto_ctrl -p ${broker.port} -u ${admin.name} -P ${admin.password} dynsec`;
  return {
    ...broker,
    kickCommand: `${control} disableClient {client_id} && ${control} enableClient {client_id}`,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function configuration(users: readonly string[], password: string) {
  const acls = ["publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern"];
  const role = (rolename: string, topic: string) => ({
    rolename,
    acls: acls.map((acltype) => ({ acltype, topic, priority: 0, allow: true })),
  });
  return {
    defaultACLAccess: { publishClientSend: false, publishClientReceive: true, subscribe: false, unsubscribe: true },
    clients: [user(admin.name, admin.password, "admin"), ...users.map((name) => user(name, password, "device"))],
    groups: [],
    roles: [role("admin", "$CONTROL/dynamic-security/#"), role("device", "#")],
  };
}

function user(username: string, password: string, rolename: string) {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, iterations, 64, "sha512").toString("base64");
  return { username, roles: [{ rolename }], password: hash, salt: salt.toString("base64"), iterations };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
