/** Which program this is. */
import type { Tool } from "../../report/report.ts";

/** Name and version, as reports and `--version` tell them. */
export const tool: Tool = { name: "mqtt-sim", version: "0.1.0" };

/** How the program is called here: by its own name when it is the compiled binary. */
export function programName(): string {
  return Deno.build.standalone ? tool.name : `deno task ${tool.name}`;
}
