/**
 * The options of identity: client identifiers and logins.
 */
import { option } from "./option.ts";

/** The rows of the table, in its order. */
export const identityOptions = {
  clientPrefix: option("client-prefix", "Fleet", { kind: "text", metavar: "TEXT" }, {
    help: "Prefix of the client identifiers: 1 to 64 characters without / + #.",
    default: "mqtt-sim",
    added: true,
  }),
  clientId: option("client-id", "Fleet", { kind: "text", metavar: "TEMPLATE" }, {
    help:
      "Client identifiers of the clients, such as 'dev-{client:05}': {client} is the client's number, {client:05} " +
      "has at least five digits, {run} is the run id.",
    defaultText: "prefix, run id and number, with hyphens",
  }),
  shortClientIds: option("short-client-ids", "Fleet", { kind: "switch" }, {
    help: "Use client identifiers of 1 to 23 letters and digits, which every broker must accept, for all clients, " +
      "watchers and canaries.",
    defaultText: "no",
  }),
  credentials: option("credentials", "Target", { kind: "file", metavar: "FILE" }, {
    help: "CSV file with a row for each client, and a header: client_id, and any of username, password, cert, key. " +
      "The run checks the whole file before it starts.",
    defaultText: "none",
  }),
  passwordCommand: option("password-command", "Target", { kind: "text", metavar: "COMMAND" }, {
    help: "Shell command that writes the password of a client, such as a token, to its standard output; {client_id} " +
      "and {client} are its identifier and number, both watcher for the tool's own connections. Without them, one " +
      "password is that of all. The report and the repeat command have the command, and never its output.",
    defaultText: "none",
    // A scenario file is data: it must not name a command to run.
    inScenario: false,
  }),
  passwordLifetimeMs: option("password-lifetime", "Target", { kind: "duration", min: 100, max: 604_800_000 }, {
    help: "How long a password of --password-command is used, {range}: after it, the next CONNECT runs the command " +
      "again.",
    defaultText: "the whole run",
  }),
  watcherUsername: option("watcher-username", "Watching", { kind: "text", metavar: "NAME" }, {
    help: "User name of the watchers, and of all other connections of the tool that have no will.",
    defaultText: "that of the clients",
  }),
  watcherPasswordFile: option("watcher-password-file", "Watching", { kind: "file", metavar: "FILE" }, {
    help: "A file with the password of the watchers; a line end after it does not count.",
    defaultText: "none",
    ownToShard: true,
  }),
  canaryUsername: option("canary-username", "Watching", { kind: "text", metavar: "NAME" }, {
    help: "User name of the canaries, which publish and die beside each watcher.",
    defaultText: "that of the clients",
  }),
  canaryPasswordFile: option("canary-password-file", "Watching", { kind: "file", metavar: "FILE" }, {
    help: "A file with the password of the canaries; a line end after it does not count.",
    defaultText: "none",
    ownToShard: true,
  }),
  username: option("username", "Target", { kind: "text", metavar: "NAME" }, {
    short: "u",
    help: "User name of every client and watcher; takes {client}, {client:05}, {id}, {run} and {group}. {client} and " +
      "{group} become watcher for a watcher.",
    defaultText: "the one in --url, if any",
    ownToGroup: true,
  }),
  password: option("password", "Target", { kind: "text", metavar: "WORD" }, {
    short: "P",
    help:
      "Password, with the same replacements as in the user name. Other users of this machine can see it in the list " +
      "of processes; --password-file avoids that.",
    ownToGroup: true,
  }),
};
