/** The text of a failed dial. */
import assert from "node:assert/strict";
import { dialFaultText } from "../../src/net/dial_fault.ts";

const cases: readonly [code: string, message: string, text: string][] = [
  ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1", "connection refused: nothing listens there"],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "unable to verify the first certificate",
    "unable to verify the first certificate; name the authority of a private certificate with --tls-ca FILE",
  ],
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "self-signed certificate",
    "self-signed certificate; name the authority of a private certificate with --tls-ca FILE",
  ],
  ["EOTHER", "the message of the system", "the message of the system"],
];
for (const [code, message, text] of cases) {
  Deno.test(`dial fault: ${code}`, () => assert.equal(dialFaultText(code, message), text));
}
