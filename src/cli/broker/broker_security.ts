/**
 * Access to `mqtt-sim broker`: applies the settings for listeners, certificates, users and rules to the broker, and
 * reads them again on SIGHUP.
 */
import { UsageError } from "../../base/failure.ts";
import { AdminToken } from "../../broker/access/admin_token.ts";
import { AccessControl } from "../../broker/access/access_control.ts";
import type { Broker, BrokerOptions } from "../../broker/broker.ts";
import { checkActionHost } from "../../broker/monitor/operator_requests.ts";
import { bracketed, type Endpoint, isLoopback, parseEndpoint } from "../../net/endpoint.ts";
import { readTlsFiles, type TlsFiles } from "../../net/tls/tls_identity.ts";
import { brokerDefaults, type BrokerSettings } from "./broker_settings.ts";

/** The security options of the broker, and how they are reloaded. */
export interface Security {
  readonly options: Pick<
    BrokerOptions,
    "listen" | "allowOrigins" | "tls" | "authenticate" | "authorize" | "identityOf" | "knows"
  >;
  /** There are files that {@link reload} reads. */
  readonly readsAgain: boolean;
  /** The required token of an operator; undefined where the broker accepts no operator. */
  readonly adminToken: AdminToken | undefined;
  /** Reads all files again. An unusable one leaves everything unchanged. @throws UsageError then */
  reload(broker: Broker): Promise<string>;
}

/** Reads the files of the settings. @throws UsageError for an unreadable file, or one that opens unintended access */
export async function openSecurity(settings: BrokerSettings): Promise<Security> {
  const listen = endpointsOf(settings);
  checkReach(listen, settings);
  const files = tlsFilesOf(settings);
  const tls = files && await readTlsFiles(files);
  const access = await accessOf(settings);
  const adminToken = await adminTokenOf(settings);
  return {
    options: {
      listen,
      allowOrigins: settings["allow-origin"] ?? [],
      ...(tls !== undefined && { tls }),
      ...(access !== undefined && {
        authenticate: (login) => access.judge(login),
        identityOf: (login) => access.identityOf(login),
        knows: (identity) => access.knows(identity),
        authorize: (who, action, topic) => access.allows(who, action, topic),
      }),
    },
    adminToken,
    readsAgain: files !== undefined || access !== undefined || adminToken !== undefined,
    reload: (broker) => reload(broker, { files, access, adminToken }),
  };
}

/** Read from files, and again at SIGHUP. */
interface Files extends Pick<Security, "adminToken"> {
  readonly files: TlsFiles | undefined;
  readonly access: AccessControl | undefined;
}

/** All is read before any of it is taken. */
async function reload(broker: Broker, { files, access, adminToken }: Files): Promise<string> {
  const tls = files && await readTlsFiles(files);
  const token = await adminToken?.read();
  await access?.reload();
  if (tls !== undefined) broker.renewTls(tls);
  if (token !== undefined) adminToken?.take(token);
  if (access === undefined) {
    if (tls === undefined) return token === undefined ? "No file to reload" : "Reloaded the token";
    return token === undefined ? "Reloaded the certificates" : "Reloaded the certificates and the token";
  }
  const { expelled, ended, unsubscribed, discarded } = broker.recheckAccess();
  return `Reloaded users, rules and certificates: ${expelled} connections, ${ended} sessions and ` +
    `${unsubscribed} subscriptions ended, ${discarded} queued messages discarded`;
}

/** The address of the metrics page receives the token, and only on this machine. */
async function adminTokenOf({ "admin-token": path, metrics }: BrokerSettings): Promise<AdminToken | undefined> {
  if (path === undefined) return undefined;
  if (metrics === undefined) {
    throw new UsageError("Cannot use --admin-token without an address for requests: expected --metrics with it");
  }
  checkActionHost(metrics.host);
  return await AdminToken.open(path);
}

function endpointsOf({ host, port, listen = [] }: BrokerSettings): Endpoint[] {
  if (listen.length === 0) {
    const { host: usualHost, port: usualPort } = brokerDefaults;
    return [parseEndpoint(`mqtt://${bracketed(host ?? usualHost)}:${port ?? usualPort}`)];
  }
  if (host === undefined && port === undefined) return [...listen];
  throw new UsageError("Cannot use --host and --port together with --listen: its URLs contain both");
}

/** Beyond this machine the broker accepts no client by default. */
function checkReach(listen: readonly Endpoint[], settings: BrokerSettings): void {
  if (settings.users !== undefined || settings["allow-anonymous"] !== undefined) return;
  const provesClients = settings["tls-client-auth"] === "require";
  const open = listen.find(({ host, transport }) =>
    !isLoopback(host) && !(provesClients && (transport === "tls" || transport === "wss"))
  );
  if (open === undefined) return;
  throw new UsageError(
    `Cannot accept every client on the network at ${open.url}: expected --users, or client certificates over TLS ` +
      "(--tls-client-auth require), or --allow-anonymous",
  );
}

function tlsFilesOf(settings: BrokerSettings): TlsFiles | undefined {
  const { "tls-cert": cert, "tls-key": key, "tls-ca": ca, "tls-client-auth": clientAuth } = settings;
  if (cert === undefined && key === undefined) {
    if (ca === undefined && clientAuth === undefined) return undefined;
    throw new UsageError("Cannot use --tls-ca and --tls-client-auth without --tls-cert and --tls-key");
  }
  if (cert !== undefined && key !== undefined) return { cert, key, ca, clientAuth };
  throw new UsageError("Cannot serve TLS with one of --tls-cert and --tls-key: expected both");
}

/** A rule for a user needs a client that proves to be that user. */
function checkProof({ users, acl, "tls-username": tlsUsername, "tls-client-auth": clientAuth }: BrokerSettings): void {
  if (acl !== undefined && users === undefined && tlsUsername === undefined) {
    throw new UsageError("Cannot use --acl without authenticated user names: expected --users, or --tls-username cn");
  }
  if (tlsUsername !== undefined && (clientAuth ?? "none") === "none") {
    throw new UsageError(
      "Cannot use --tls-username without client certificates: expected --tls-client-auth require or request, and --tls-ca",
    );
  }
}

async function accessOf(settings: BrokerSettings): Promise<AccessControl | undefined> {
  const { users, acl, "allow-anonymous": allowAnonymous, "tls-username": tlsUsername } = settings;
  if (users === undefined && acl === undefined && tlsUsername === undefined) return undefined;
  checkProof(settings);
  return await AccessControl.open({ users, acl, allowAnonymous, certificateIsUser: tlsUsername === "cn" });
}
