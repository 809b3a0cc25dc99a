/** Which program this is. */
import config from "../../../deno.json" with { type: "json" };
import type { Tool } from "../../report/model/report.ts";

/** Name and version, for reports and `--version`. The version is the one in `deno.json`. */
export const tool: Tool = { name: "mqtt-sim", version: config.version };

/** How the program is called here: by its own name when it is the compiled binary. */
export function programName(): string {
  return Deno.build.standalone ? tool.name : `deno task ${tool.name}`;
}
