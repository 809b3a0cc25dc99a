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

/** The defaults of the log, the metrics and the faults of a broker. */
export const observingDefaults = { sysIntervalMs: 10_000, log: "text", logLevel: "warning" } as const;

/** Log, trace, `$SYS` and metrics page. */
export const observing = {
  metrics: one(hostAndPort, {
    help: "Serve /metrics for Prometheus, /healthz and /status over HTTP, on 127.0.0.1 by default; " +
      "port 0 means a free port.",
    usual: "none",
  }),
  "admin-token": one(file, {
    help: "Accept operator actions at the address of --metrics, which must be a loopback address, from requests " +
      "with the token in this file: 16 characters or more, mode 0600.",
    usual: "none",
  }),
  "sys-interval": one(durationMs(0), {
    help: "Interval between publications of the $SYS topics; 0s publishes none.",
    usual: formatDuration(observingDefaults.sysIntervalMs),
  }),
  log: one(choice(["text", "json"]), {
    help: "Format of log lines on standard error: text, or one JSON document per line.",
    usual: observingDefaults.log,
  }),
  "log-level": one(choice(logLevels), {
    help: "Minimum log level; info includes every connection and will, without payloads.",
    usual: observingDefaults.logLevel,
  }),
  "trace-client": many(text("ID"), {
    help:
      "Log every packet from and to the client with this identifier, decoded, with truncated payloads, at any log level.",
  }),
};

/** Wills that go wrong on purpose. */
export const faults = {
  fault: one({ ...text("MIX", parseFaults, "shares such as lose=1%,delay=1%:1500ms"), words: faultKinds }, {
    help:
      `Inject faults into wills, to test that a monitor detects them: shares such as lose=1%,delay=0.5%:1500ms, of ` +
      `${faultKinds.join(", ")}. See the list below.`,
    usual: "none",
  }),
  "fault-seed": one(whole(0, 0xffff_ffff), {
    help: "Seed of the fault injection: the same wills in the same order get the same faults.",
    usual: "random, printed at the start",
  }),
  "fault-clients": one(text("REGEX", readPattern, "a regular expression such as ^sensor-"), {
    help: "Inject faults only into wills of clients whose identifier matches.",
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
