/** mqtt-sim as a program. */
import { main, tellError } from "./src/cli/main.ts";
import { processOutput } from "./src/cli/process/output.ts";
import { giveUpPermissions } from "./src/cli/process/permissions.ts";

// An uncaught error is a fault of this program too, and must not end with the exit code for a wrong will.
globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
globalThis.addEventListener("error", (event) => end(event, event.error ?? event.message));

function end(event: Event, error: unknown): void {
  event.preventDefault();
  tellError(error, processOutput());
  Deno.exit(70);
}

Deno.exit(await main(Deno.args, processOutput(), giveUpPermissions));
