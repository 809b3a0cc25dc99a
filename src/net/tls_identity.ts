/**
 * Certificates and keys as a listener uses them: read, and found to fit together before anything depends on them.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { UsageError } from "../base/failure.ts";

/** What is asked of a client: no certificate, one if it has one, or one at all events. */
export const clientAuths = ["none", "request", "require"] as const;
/** One of {@link clientAuths}. */
export type ClientAuth = typeof clientAuths[number];

/** Where a listener's certificates are. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities that sign client certificates; needed unless {@link clientAuth} is `none`. */
  readonly ca?: string | undefined;
  readonly clientAuth?: ClientAuth | undefined;
}

/** Who a listener is and whom it trusts, in PEM, checked by {@link readTlsFiles}. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly clientAuth: ClientAuth;
}

/**
 * Reads the files.
 *
 * @throws UsageError when one cannot be read, is no certificate or key, or they do not belong together
 */
export async function readTlsFiles({ cert, key, ca, clientAuth = "none" }: TlsFiles): Promise<TlsIdentity> {
  if (clientAuth !== "none" && ca === undefined) {
    throw new UsageError(
      `Cannot ${clientAuth} client certificates: expected the authorities that sign them (--tls-ca)`,
    );
  }
  const identity = {
    cert: await read("certificate", cert),
    key: await read("private key", key),
    ca: ca === undefined ? undefined : await read("authorities", ca),
    clientAuth,
  };
  const certificate = certificateOf(identity.cert, cert);
  if (identity.ca !== undefined) certificateOf(identity.ca, ca!);
  if (!certificate.checkPrivateKey(privateKeyOf(identity.key, key))) {
    throw new UsageError(`Cannot use key file ${key}: it is not the key of the certificate in ${cert}`);
  }
  return identity;
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${what} file ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function certificateOf(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new UsageError(`Cannot use certificate file ${path}: expected a certificate in PEM`);
  }
}

function privateKeyOf(pem: string, path: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new UsageError(`Cannot use key file ${path}: expected a private key in PEM, without a passphrase`);
  }
}
