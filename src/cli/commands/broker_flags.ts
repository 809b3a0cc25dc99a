/** The flags of `mqtt-sim broker`: their names, values and help. */
import { object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { UsageError } from "../../base/failure.ts";
import { parseWhole } from "../../base/units.ts";
import { sentence, switchFlag, valueFlag } from "../flag.ts";

/** What `mqtt-sim broker` does where nothing is said. */
export const brokerDefaults = { host: "127.0.0.1", port: 1883 } as const;

/** `mqtt-sim broker` and its flags. */
export const brokerCommand = command(
  "broker",
  object({
    command: constant("broker"),
    host: valueFlag(
      "--host",
      { metavar: "ADDRESS", read: (value) => value },
      `Address of this machine to listen on; 0.0.0.0 is every one. Default ${brokerDefaults.host}.`,
    ),
    port: valueFlag(
      "--port",
      { metavar: "PORT", read: readPort },
      `Port to listen on, 0 to 65,535; 0 takes a free one. Default ${brokerDefaults.port}.`,
    ),
    quiet: switchFlag("--quiet", "Write nothing but warnings."),
  }),
  {
    brief: sentence("Run the embedded broker alone until Ctrl-C."),
    description: sentence(
      "Runs the embedded MQTT 3.1.1 and 5.0 broker over TCP until SIGINT or SIGTERM: QoS 0, 1 and 2, retained messages, " +
        "sessions in memory, takeover, and wills with delay. Everyone is let in: keep it on an address that you trust.",
    ),
    footer: sentence("At a clean stop the wills of connected clients are published, and the count of all is told."),
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** The flags of one call. */
export type BrokerFlags = InferValue<typeof brokerCommand>;

function readPort(value: string, name: string): number {
  const port = parseWhole(value, name);
  if (port > 65_535) throw new UsageError(`Cannot use ${name} ${value}: expected 0 to 65,535`);
  return port;
}
