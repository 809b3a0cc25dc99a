/** The certificates of fixtures/tls. */
import { type ClientAuth, readTlsFiles, type TlsIdentity } from "../../src/net/tls/tls_identity.ts";

/** The path of one of the files, such as `ca.pem`. */
export function tlsPath(name: string): string {
  return new URL(`../../fixtures/tls/${name}`, import.meta.url).pathname;
}

/** The text of one of the files. */
export function pem(name: string): string {
  return Deno.readTextFileSync(tlsPath(name));
}

/** The certificates of a listener: those of `server`, or of `renewed`. */
export function serverIdentity(clientAuth: ClientAuth = "none", name = "server"): Promise<TlsIdentity> {
  const files = { cert: tlsPath(`${name}.pem`), key: tlsPath(`${name}.key`), ca: tlsPath("ca.pem") };
  return readTlsFiles({ ...files, clientAuth });
}

/** The certificates that a client trusts, and its own: `client`, `stranger`, or none. */
export function clientIdentity(name?: "client" | "stranger") {
  const own = name === undefined ? {} : { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
  return { ca: pem("ca.pem"), ...own };
}
