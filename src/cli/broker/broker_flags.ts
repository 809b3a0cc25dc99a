/** `mqtt-sim broker` on the command line: its flags, made from its settings, and its subcommands. */
import { merge, object, or } from "@optique/core/constructs";
import type { InferValue, Parser } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { orNone, sentence, valueFlag } from "../options/flag.ts";
import { file } from "../options/setting.ts";
import { clearRetainedCommand, disconnectCommand, endSessionCommand } from "./broker_operator.ts";
import { passwdCommand } from "./broker_passwd.ts";
import { statusCommand } from "./broker_status.ts";
import { brokerSections, type BrokerSettings } from "./broker_settings.ts";

/** The flags of one run of the broker. */
export type BrokerFlags = BrokerSettings & { readonly command: "broker"; readonly config?: string | undefined };

/** Flags by section, as help shows them. */
function sections(): Parser<"sync", BrokerSettings, unknown>[] {
  return Object.entries(brokerSections).map(([section, settings]) => {
    const flags = Object.entries(settings).map(([name, setting]) => [name, setting.flag(name)] as const);
    return object(section, Object.fromEntries(flags)) as never;
  });
}

const config = object("Config file", {
  config: valueFlag(
    "--config",
    { ...file, isYaml: true },
    "A YAML file of settings, with the names of these flags without the dashes, such as port: 1883. Flags override it.",
    "-c",
  ),
});

/** The argument type of `merge`, for a number of parts that the compiler does not know. */
type Part = Parser<"sync", Record<string, unknown>, Record<string, unknown>>;

const parts = [object({ command: constant("broker") }), config, ...sections()];
const run = merge(...parts as unknown as [Part, Part]) as unknown as Parser<"sync", BrokerFlags, unknown>;

const schema = command("config-schema", object({ command: constant("broker config-schema") }), {
  brief: sentence("Write the JSON Schema of the config file."),
  description: sentence("Writes the JSON Schema of the file that --config reads, for editors and validators."),
  usageLine: [],
});

const operatorCommands = [disconnectCommand, endSessionCommand, clearRetainedCommand] as const;

/** `mqtt-sim broker` and its subcommands. */
export const brokerCommand = command(
  "broker",
  // An empty command line is allowed too, which `or` alone would not accept.
  orNone(
    or(statusCommand, ...operatorCommands, schema, passwdCommand, run),
    () => ({ command: "broker" } as BrokerFlags),
  ),
  {
    brief: sentence("Run the embedded broker alone until Ctrl-C."),
    description: sentence(
      "Runs the embedded MQTT 3.1.1 and 5.0 broker over TCP, TLS and WebSocket until SIGINT or SIGTERM: QoS 0, 1 and 2, retained messages, " +
        "sessions in memory or in a file, takeover, and wills with delay. Without --users it accepts every " +
        "client on this machine, and no other.",
    ),
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** The parsed command line of `mqtt-sim broker`. */
export type BrokerAsked = InferValue<typeof brokerCommand>;
