/**
 * Certificates and keys for listeners and clients: reads them, and checks that they fit together before they are used.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { UsageError } from "../../base/failure.ts";

/** The policy for client certificates: none, optional, or required. */
export const clientAuths = ["none", "request", "require"] as const;
/** One of {@link clientAuths}. */
export type ClientAuth = typeof clientAuths[number];

/** The certificate files of a listener. */
export interface TlsFiles {
  /** The path of the certificate, in PEM. */
  readonly cert: string;
  /** The path of the private key, in PEM. */
  readonly key: string;
  /** Authorities that sign client certificates; required unless {@link clientAuth} is `none`. */
  readonly ca?: string | undefined;
  /** Whether clients need a certificate. Default: none. */
  readonly clientAuth?: ClientAuth | undefined;
}

/** A listener's identity and trusted authorities, in PEM, checked by {@link readTlsFiles}. */
export interface TlsIdentity {
  /** The certificate, in PEM. */
  readonly cert: string;
  /** The private key, in PEM. */
  readonly key: string;
  /** The authorities of client certificates, in PEM. */
  readonly ca: string | undefined;
  /** Whether clients need a certificate. */
  readonly clientAuth: ClientAuth;
}

/**
 * Reads the files.
 *
 * @throws UsageError if one cannot be read, is not a certificate or key, or they do not belong together
 */
export async function readTlsFiles({ cert, key, ca, clientAuth = "none" }: TlsFiles): Promise<TlsIdentity> {
  if (clientAuth !== "none" && ca === undefined) {
    throw new UsageError(
      `Cannot ${clientAuth} client certificates: expected the authorities that sign them (--tls-ca)`,
    );
  }
  const pair = await readPair(cert, key);
  const authorities = ca === undefined ? undefined : await read("authorities", ca);
  if (authorities !== undefined) certificateOf(authorities, ca!);
  return { ...pair, ca: authorities, clientAuth };
}

/** The certificate files of a client. */
interface TlsClientFiles {
  /** Authorities to trust, in place of the well-known ones. */
  readonly ca?: string | undefined;
  /** Own certificate, with {@link key}. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The passphrase of the key, where it has one. */
  readonly keyPassphrase?: string | undefined;
}

/**
 * Reads the files of a client.
 *
 * @throws UsageError if a file cannot be read, is not a certificate or key, or they do not belong together
 */
export async function readTlsClientFiles(
  { ca, cert, key, keyPassphrase }: TlsClientFiles,
): Promise<TlsClientFiles> {
  if ((cert === undefined) !== (key === undefined)) {
    const [had, lacks] = cert === undefined ? ["--tls-key", "--tls-cert"] : ["--tls-cert", "--tls-key"];
    throw new UsageError(`Cannot use ${had} ${cert ?? key} alone: expected ${lacks} with it`);
  }
  const authorities = ca === undefined ? undefined : await read("authorities", ca);
  if (authorities !== undefined) certificateOf(authorities, ca!);
  if (cert === undefined || key === undefined) return { ca: authorities };
  return { ca: authorities, ...await readPair(cert, key, keyPassphrase) };
}

/** A certificate and its key, in PEM; the key without its passphrase. */
async function readPair(
  cert: string,
  key: string,
  passphrase?: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const pair = { cert: await read("certificate", cert), key: await read("private key", key) };
  const privateKey = privateKeyOf(pair.key, key, passphrase);
  if (!certificateOf(pair.cert, cert).checkPrivateKey(privateKey)) {
    throw new UsageError(`Cannot use key file ${key}: it is not the key of the certificate in ${cert}`);
  }
  return isEncrypted(pair.key) ? { ...pair, key: pemOf(privateKey) } : pair;
}

/** Whether a private key in PEM has a passphrase. */
function isEncrypted(pem: string): boolean {
  return pem.includes("ENCRYPTED");
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

/**
 * The pair of one client that connects, checked before the run; undefined where the files have changed since.
 */
export function readPairNow(
  cert: string,
  key: string,
  passphrase?: string,
): { readonly cert: string; readonly key: string } | undefined {
  try {
    const pem = Deno.readTextFileSync(key);
    return {
      cert: Deno.readTextFileSync(cert),
      key: isEncrypted(pem) ? pemOf(privateKeyOf(pem, key, passphrase)) : pem,
    };
  } catch {
    return undefined;
  }
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const fault = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read ${what} file ${path}: ${fault}; expected a PEM file`);
  }
}

function certificateOf(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new UsageError(`Cannot use certificate file ${path}: expected a certificate in PEM`);
  }
}

function privateKeyOf(pem: string, path: string, passphrase?: string): KeyObject {
  try {
    return createPrivateKey(passphrase !== undefined && isEncrypted(pem) ? { key: pem, passphrase } : pem);
  } catch {
    const allowed = passphrase === undefined ? "without a passphrase" : "which the given passphrase opens";
    throw new UsageError(`Cannot use key file ${path}: expected a private key in PEM, ${allowed}`);
  }
}
