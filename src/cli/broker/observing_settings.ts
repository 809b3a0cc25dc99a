/** The settings by which `mqtt-sim broker` is seen, and by which it misbehaves on request. */
import { UsageError } from "../../base/failure.ts";
import { logLevels } from "../../base/log.ts";
import { faultKinds, parseFaults } from "../../broker/fault/fault_mix.ts";
import { z } from "zod";
import { formatDuration } from "../../base/units.ts";
import { type HttpAddress, parseHttpAddress } from "../process/http_address.ts";
import { choice, durationMs, file, type Kind, many, one, text, whole } from "../options/setting.ts";

const hostAndPort: Kind<HttpAddress> = {
  ...text("[HOST:]PORT", parseHttpAddress, "a port such as 9090, or a host and a port such as 0.0.0.0:9090"),
  form: z.union([z.int().min(0).max(65_535), z.string()]),
};

/** The defaults of what a person sees of a broker. */
export const observingDefaults = { sysIntervalMs: 10_000, log: "text", logLevel: "warning" } as const;

/** Log, trace, `$SYS` and metrics page. */
export const observing = {
  metrics: one(hostAndPort, {
    section: "Observing",
    help: "Serve /metrics for Prometheus, /healthz and /status over HTTP, on 127.0.0.1 unless a host is named; " +
      "port 0 takes a free one.",
    usual: "none",
  }),
  "admin-token": one(file, {
    section: "Observing",
    help: "Accept the actions of an operator at the address of --metrics, which has to be of loopback, from requests " +
      "with the token in this file: 16 characters or more, mode 0600.",
    usual: "none",
  }),
  "sys-interval": one(durationMs(0), {
    section: "Observing",
    help: "From one publication of the $SYS topics to the next; 0s publishes none.",
    usual: formatDuration(observingDefaults.sysIntervalMs),
  }),
  log: one(choice(["text", "json"]), {
    section: "Observing",
    help: "How log lines are written, to standard error: for people, or one JSON document a line.",
    usual: observingDefaults.log,
  }),
  "log-level": one(choice(logLevels), {
    section: "Observing",
    help: "The least grave lines that are written; info has every connection and will, without payloads.",
    usual: observingDefaults.logLevel,
  }),
  "trace-client": many(text("ID"), {
    section: "Observing",
    help: "Log every packet from and to the client of that identifier, decoded, payloads cut, whatever the level.",
  }),
};

/** Wills that go wrong on purpose. */
export const faults = {
  fault: one(text("MIX", parseFaults, "shares such as lose=1%,delay=1%:1500ms"), {
    section: "Faults",
    help: `Get wills wrong on purpose, to see whether that is noticed: shares such as lose=1%,delay=0.5%:1500ms, of ` +
      `${faultKinds.join(", ")}. They are listed below.`,
    usual: "none",
  }),
  "fault-seed": one(whole(0, 0xffff_ffff), {
    section: "Faults",
    help: "Draws the wills that go wrong: the same wills in the same order suffer the same.",
    usual: "drawn, and told",
  }),
  "fault-clients": one(text("REGEX", readPattern, "a regular expression such as ^sensor-"), {
    section: "Faults",
    help: "Only wills of clients whose identifier has a part that matches.",
    usual: "all",
  }),
};

function readPattern(value: string, name: string): RegExp {
  try {
    return new RegExp(value, "u");
  } catch {
    throw new UsageError(
      `Cannot read ${name} ${JSON.stringify(value)}: expected a regular expression such as ^sensor-`,
    );
  }
}
