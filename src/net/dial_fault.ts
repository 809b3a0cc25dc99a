/**
 * The text of a failed dial: what the code of the operating system, or of TLS, means for the user.
 */

/** The text of an error that ended a link; the system's own message for any other code. */
export function dialFaultText(code: string, message: string): string {
  return texts[code] ?? (certificates.has(code) ? `${message}; ${authority}` : message);
}

const texts: Readonly<Record<string, string>> = {
  EACCES: "no permission to use the socket",
  EADDRINUSE: "no source port is left for it: wait, or add addresses with --source-address",
  EADDRNOTAVAIL: "no source port is left for it, or a --source-address is not an address of this machine",
  EAGAIN: "the accept queue of the Unix socket is full",
  ECONNREFUSED: "connection refused: nothing listens there",
  EINVAL: "a --source-address is not an address of this machine, or has no route to it",
  EHOSTUNREACH: "no route to the host",
  EMFILE: "too many open files: raise the limit (ulimit -n)",
  ENOENT: "there is no such Unix socket",
  ENETUNREACH: "no route to the network",
  ENOTFOUND: "unknown host name",
  ETIMEDOUT: "no answer: the connection timed out",
};

/** Codes of a certificate that no known authority has signed. */
const certificates: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);
const authority = "name the authority of a private certificate with --tls-ca FILE";
