/**
 * The options of enhanced authentication, and of references to other servers.
 */
import { option } from "./option.ts";

/** The rows of the table, in its order. */
export const authOptions = {
  authMethod: option("auth-method", "Target", { kind: "text", metavar: "NAME" }, {
    help: "Authentication method of each CONNECT (enhanced authentication, MQTT 5.0): SCRAM-SHA-1, SCRAM-SHA-256 or " +
      "SCRAM-SHA-512 with the user name and the password, or another one with --auth-data or --auth-command. All " +
      "clients, watchers and probes use it.",
    defaultText: "none",
  }),
  authData: option("auth-data", "Target", { kind: "text", metavar: "DATA" }, {
    help: "Authentication data of each CONNECT: a text, @FILE or base64:DATA. Other users of this machine can see a " +
      "text in the list of processes; @FILE avoids that.",
    defaultText: "none",
  }),
  authCommand: option("auth-command", "Target", { kind: "text", metavar: "COMMAND" }, {
    help: "Shell command that writes the authentication data of one step to its standard output, as text or as " +
      "base64:DATA; its standard input has the broker's data, none for CONNECT. {client_id}, {username} and {step}, " +
      "from 1, are the client and the step.",
    defaultText: "none",
    // A scenario file is data: it must not name a command to run.
    inScenario: false,
  }),
  followReferences: option("follow-references", "Target", { kind: "switch" }, {
    help: "Connect to the server to which the broker refers (reason codes 0x9C and 0x9D of MQTT 5.0), with the same " +
      "login; up to 3 references of one CONNECT. Without it the reference is in the reason of the refusal.",
    defaultText: "no",
  }),
  reauthEveryMs: option("reauth-every", "Target", { kind: "duration", min: 100, max: 86_400_000 }, {
    help: "How often each open connection authenticates again with --auth-method, {range}.",
    defaultText: "never",
  }),
};
