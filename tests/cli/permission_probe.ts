/**
 * mqtt-sim as cli.ts runs it; writes its remaining permissions to standard error, at the first output of `listening on`
 * or at the end. `permissions_test.ts` runs it as a child process.
 */
import { main } from "../../src/cli/main.ts";
import { processOutput } from "../../src/cli/process/output.ts";
import { giveUpPermissions } from "../../src/cli/process/permissions.ts";

const { out, err } = processOutput();
const places = { net: { host: "127.0.0.1:1" }, run: { command: "sh" }, read: {}, write: {}, ffi: {} };
let isReported = false;

function tell(): void {
  if (isReported) return;
  isReported = true;
  const left = Object.entries(places).filter(([name, place]) =>
    Deno.permissions.querySync({ name, ...place } as Deno.PermissionDescriptor).state === "granted"
  );
  err.write(`left: ${left.map(([name]) => name).join(" ")}.\n`);
}

const watched = {
  ...out,
  write: (text: string) => {
    out.write(text);
    if (text.includes("listening on")) tell();
  },
};
const exitCode = await main(Deno.args, { out: watched, err }, giveUpPermissions);
tell();
Deno.exit(exitCode);
