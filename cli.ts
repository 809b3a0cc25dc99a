/** mqtt-sim as a program. */
import { ownVariables } from "./src/cli/process/environment.ts";
import { enterInvocation } from "./src/cli/process/invocation.ts";
import { processOutput } from "./src/cli/process/output.ts";
import { giveUpPermissions } from "./src/cli/process/permissions.ts";
import { tool, versionWords } from "./src/cli/process/tool.ts";

// The version needs no command. The rest takes five times as long to load.
if (Deno.args.length === 1 && versionWords.includes(Deno.args[0]!)) {
  processOutput().out.write(`${tool.name} ${tool.version}\n`);
  Deno.exit(0);
}

const { main, printError } = await import("./src/cli/main.ts");

// An uncaught error is a fault of this program too, and must not end with the exit code for a wrong will.
globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
globalThis.addEventListener("error", (event) => end(event, event.error ?? event.message));

function end(event: Event, error: unknown): void {
  event.preventDefault();
  printError(error, processOutput());
  Deno.exit(70);
}

Deno.exit(await main(Deno.args, processOutput(), giveUpPermissions, enterInvocation, ownVariables));
