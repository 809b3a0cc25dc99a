/** The flags of `mqtt-sim part`. A part has no flags of the fleet: the coordinator sends the plan. */
import { merge, object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { UsageError } from "../../base/failure.ts";
import { fileValue as file, type FlagValue, sentence, switchFlag, valueFlag } from "../options/flag.ts";
import { type Endpoint, parseEndpoint } from "../../net/endpoint.ts";
import { planFlags, sectionFlags } from "../options/plan_flags.ts";
import { overFlag, overLoginFlags } from "../over/over_flags.ts";
import { jsonFlag } from "../report/report_outputs.ts";

function readName(text: string, name: string): string {
  if (/^[\w.:-]{1,64}$/.test(text)) return text;
  throw new UsageError(
    `Cannot use ${name} ${
      JSON.stringify(text)
    }: expected 1 to 64 letters, digits, dots, colons, hyphens or underscores`,
  );
}

function readRunForm(text: string, name: string): string {
  if (text.length <= 16 && /^[0-9A-Za-z*-]+$/.test(text)) return text;
  throw new UsageError(
    `Cannot use ${name} ${JSON.stringify(text)}: expected 1 to 16 letters, digits or hyphens, and * with --stay`,
  );
}

const rendezvous = object("Rendezvous", {
  over: overFlag(
    "NATS with JetStream, where the coordinator of the run is: nats:// or tls://, with the login in it or in --over-creds.",
  ),
  run: valueFlag(
    "--run",
    { metavar: "NAME", read: readRunForm },
    "The run: the --run-id of mqtt-sim fleet --over. With --stay, * in it stands for any letters, digits and hyphens.",
  ),
  stay: switchFlag(
    "--stay",
    "Wait for the next run after each one, until SIGTERM or SIGINT: each that gathers its parts and has the name of --run, " +
      "by default any.",
  ),
  ...overLoginFlags,
  host: valueFlag(
    "--host",
    { metavar: "NAME", read: readName },
    "The name of this machine in messages and reports. Default: the one in /etc/hostname.",
  ),
});

const brokerUrl: FlagValue<Endpoint> = { metavar: "URL", read: parseEndpoint };

const own = object("Target", {
  url: valueFlag(
    "--url",
    brokerUrl,
    "The broker of this part, where parts reach it at different addresses or each has its own. Default: the one of the " +
      "coordinator.",
    "-L",
  ),
  ...planFlags("password"),
  passwordFile: valueFlag(
    "--password-file",
    file,
    "A file with the password, - for standard input; a line end after it does not count.",
  ),
  ...planFlags(
    "proxy",
    "wsHeaders",
    "authMethod",
    "authData",
    "authCommand",
    "reauthEveryMs",
    "credentials",
    "passwordCommand",
    "passwordLifetimeMs",
    "kickCommand",
    "sourceAddresses",
    "sourcePorts",
    "engine",
    "watcherPasswordFile",
    "canaryPasswordFile",
    "watcherTlsCert",
    "watcherTlsKey",
  ),
});

const output = object("Output", {
  report: jsonFlag,
  record: valueFlag(
    "--record",
    file,
    "Write every event of this part to a file, which mqtt-sim report judges again. Its name has {part}, the number of the " +
      "part, and may have {run}.",
  ),
  csvLives: valueFlag(
    "--csv-lives",
    file,
    "Write a CSV table with a row for each life of this part. Its name has {part}, the number of the part, and may have {run}.",
  ),
  quiet: switchFlag("--quiet", "Print warnings and the end only.", "-q"),
});

/** `mqtt-sim part`. */
export const partCommand = command(
  "part",
  merge(object({ command: constant("part") }), rendezvous, own, object("TLS", sectionFlags("TLS")), output),
  {
    brief: sentence("Carry out one part of a run that several processes share."),
    description: sentence(
      "Carries out one part of a run of mqtt-sim fleet --over: the coordinator gives it a number and the plan. All parts have the same command line, so any tool that starts processes can start them. The exit code is 0 when the part did its work, whatever the verdict, and when the run did not need it.",
    ),
    usageLine: [{ type: "literal", value: "--over URL --run NAME [FLAGS]" }],
  },
);

/** The parsed command line of `mqtt-sim part`. */
export type PartAsked = InferValue<typeof partCommand>;

/** A part with the two flags that it needs. */
export type PartFlags = PartAsked & { readonly over: NonNullable<PartAsked["over"]>; readonly run: string };
