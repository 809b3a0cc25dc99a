/**
 * Log lines by level, as text for people or as JSON for machines. A caller checks {@link Log.isOn} before it builds a
 * message, so that a disabled level costs only a comparison.
 */
import { escapeLine, escapeLogValue } from "./escape.ts";
import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";

/** From lines that need action to lines for debugging. */
export type LogLevel = "error" | "warning" | "info" | "debug";

/** Every {@link LogLevel}, most severe first. */
export const logLevels: readonly LogLevel[] = ["error", "warning", "info", "debug"];

/** The format of a line. */
export type LogFormat = "text" | "json";

/** Additional fields of a line; undefined ones are omitted. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Receives log lines. */
export interface Log {
  /** Whether a line of that level would be written. */
  isOn(level: LogLevel): boolean;
  /** Writes a line, if its level is on. */
  write(level: LogLevel, message: string, fields?: LogFields): void;
  /** Writes a line that was requested by name, at any level. */
  trace(message: string, fields: LogFields): void;
}

/** The options of a log. */
interface LogOptions {
  readonly format: LogFormat;
  /** The least severe level that is written. */
  readonly level: LogLevel;
  /** Receives one line, including its line end. */
  readonly write: (line: string) => void;
  /** Marks the level in a line of text. */
  readonly mark?: (level: string) => string;
}

const category = "mqtt-sim";

/** Opens the log of this process; only one at a time: a second one replaces the first. */
export function openLog({ format, level, write, mark = (text) => text }: LogOptions): Log {
  const sink = (record: LogRecord) => write(format === "json" ? jsonLine(record) : textLine(record, mark));
  configureSync({
    reset: true,
    sinks: { lines: sink },
    loggers: [
      { category: [category], lowestLevel: level, sinks: ["lines"] },
      { category: [category, "trace"], lowestLevel: "debug", sinks: ["lines"], parentSinks: "override" },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const logger = getLogger([category]);
  const tracer = logger.getChild("trace");
  const depth = logLevels.indexOf(level);
  const isOn = (asked: LogLevel) => logLevels.indexOf(asked) <= depth;
  return {
    isOn,
    // The message is passed as a field, so that its content is never a pattern.
    write: (asked, message, fields) => isOn(asked) && logger[asked]("{message}", { message, ...fields }),
    trace: (message, fields) => tracer.debug("{message}", { message, ...fields }),
  };
}

function jsonLine({ timestamp, level, properties }: LogRecord): string {
  return `${escapeLine(JSON.stringify({ time: new Date(timestamp).toISOString(), level, ...properties }))}\n`;
}

function textLine({ timestamp, level, message, properties }: LogRecord, mark: (text: string) => string): string {
  const { message: said = message.join(""), ...fields } = properties;
  const words = Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) =>
    `${name}=${escapeLogValue(String(value))}`
  );
  return `${new Date(timestamp).toISOString()} ${mark(level)} ${[escapeLine(String(said)), ...words].join(" ")}\n`;
}
