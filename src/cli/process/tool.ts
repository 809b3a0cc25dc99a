/** Which program this is. */
import config from "../../../deno.json" with { type: "json" };
import type { Tool } from "../../report/model/report.ts";

/** Name and version, for reports and `--version`. The version is the one in `deno.json`. */
export const tool: Tool = { name: "mqtt-sim", version: config.version };

/** The words that ask for the version. */
export const versionWords: readonly string[] = ["--version", "-V", "version"];
