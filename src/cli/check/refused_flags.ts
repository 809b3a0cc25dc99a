/**
 * The flags of connections and identities of `mqtt-sim fleet` that a check does not take, each with the reason and what
 * to do instead.
 */

const oneLogin = "all clients of a check have one login; expected --username with --password-file";
const oneCertificate = "all clients of a check have one certificate; expected --tls-cert and --tls-key";
const ownIds = "a check uses identifiers of 1 to 23 letters and digits, which every broker must accept";
const fewConnections = "a check has some dozens of connections; expected mqtt-sim fleet for several source addresses";

const refused: Readonly<Record<string, string>> = {
  "--node": "a check judges one server; expected a check for each node, with its address as --url",
  "--watch-nodes": "a check judges one server; expected a check for each node, with its address as --url",
  "--follow-references":
    "a check judges the server at --url; where that refers to another one, the result names it; expected that one as --url",
  "--credentials": oneLogin,
  "--watcher-username": oneLogin,
  "--watcher-password-file": oneLogin,
  "--canary-username": oneLogin,
  "--canary-password-file": oneLogin,
  "--watcher-tls-cert": oneCertificate,
  "--watcher-tls-key": oneCertificate,
  "--client-id": ownIds,
  "--client-prefix": ownIds,
  "--short-client-ids": ownIds,
  "--reauth-every": "no case lasts long enough; expected mqtt-sim fleet",
  "--source-address": fewConnections,
  "--source-ports": fewConnections,
  "--kick-command": "no case has the broker end a client; expected mqtt-sim fleet --kill-mode kicked",
};

/** Why a check does not take a flag of `mqtt-sim fleet`; undefined for a flag that it takes or does not know. */
export function whyCheckRefuses(flag: string): string | undefined {
  return Object.hasOwn(refused, flag) ? refused[flag] : undefined;
}
