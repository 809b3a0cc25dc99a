/** The metrics and the export of `mqtt-sim fleet` after the end of the run. */
import assert from "node:assert/strict";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { fleet, type FleetDeps } from "../../../src/cli/fleet/fleet.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import type { FleetHooks } from "../../../src/fleet/squad/fleet_hooks.ts";
import { failed, passed } from "../../report/sample.ts";
import { captured } from "../captured.ts";

/** The command on a broker that is not there, with a fake fleet. */
function command(outcome: (hooks: FleetHooks) => Promise<FleetResult>) {
  const output = captured();
  const early = new AbortController();
  const atOnce = new AbortController();
  const deps: FleetDeps = {
    runFleet: (_, hooks) => outcome(hooks),
    startBroker: () => Promise.reject(new Error("no broker")),
    waitUntilIdle: () => Promise.resolve({ quiet: true, afterMs: 0 }),
    openInterrupts: () => ({ early: early.signal, atOnce: atOnce.signal, close() {} }),
  };
  const go = (...args: string[]) => {
    const flags = readCommandLine(["fleet", "--url", "mqtt://b", ...args], output) as FleetFlags;
    return fleet(flags, output, deps);
  };
  return { output, early, atOnce, go };
}

/** Waits for a match in the output, and returns its first group. */
async function written(text: () => string, form: RegExp): Promise<string> {
  for (let look = 0; look < 5_000; look++) {
    const found = text().match(form);
    if (found !== null) return found[1]!;
    // The next look follows this one.
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`Cannot find ${form} in ${JSON.stringify(text())}`);
}

for (const interrupted of [false, true]) {
  const signal = interrupted ? "a second signal, after one that ended the run," : "the first signal";
  Deno.test(`fleet views: --metrics-linger follows the report, and ${signal} ends it`, async () => {
    const { output, early, atOnce, go } = command((hooks) => {
      if (!interrupted) return Promise.resolve(failed());
      setTimeout(() => early.abort());
      return new Promise((resolve) => hooks.interrupt!.addEventListener("abort", () => resolve(failed())));
    });
    const done = go("--metrics", "0", "--metrics-linger", "24h");
    const url = await written(() => output.written.err, /the final values stay at (\S+) for 24h; Ctrl-C ends that\n/);
    await written(() => output.written.out, /\n(FAIL) {2}.*\n$/);
    assert.match(await (await fetch(url)).text(), /^mqtt_sim_fleet_verdict\{verdict="fail",.*\} 1$/m);
    (interrupted ? atOnce : early).abort();
    assert.equal(await done, 1);
    assert.equal(output.written.err.includes("Ending early"), interrupted);
    await assert.rejects(fetch(url));
  });
}

Deno.test("fleet views: --metrics-linger is 0s to 24h, and needs --metrics", async () => {
  const { go } = command(() => Promise.resolve(passed()));
  assert.throws(() => readCommandLine(["fleet", "--metrics-linger", "25h"], captured()), /expected 0s to 24h/);
  await assert.rejects(go("--metrics-linger", "30s"), /^UsageError: Cannot use --metrics-linger 30s without metrics/);
});

Deno.test("fleet views: a collector that cannot be reached changes no verdict, and is said before the report", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const { output, go } = command((hooks) => {
    hooks.onStart!({ engine: "deno", startMs: 0 });
    return Promise.resolve(passed());
  });
  assert.equal(await go("--otlp", address, "--quiet"), 0);
  assert.match(
    output.written.err,
    /^warning: the OTLP export to http:\S+ failed: Connection refused; the run continues\nwarning: OTLP: sent metrics 0 times .*\n$/,
  );
  assert.match(output.written.out, /PASS/);
});

Deno.test("fleet views: the fleet counts the detail and the faults only where a view needs them", async () => {
  const asked: (readonly [detail: boolean | undefined, faults: boolean])[] = [];
  const { go } = command((hooks) => {
    asked.push([hooks.detail, hooks.onFaults !== undefined]);
    return Promise.resolve(passed());
  });
  await go("--quiet");
  await go("--quiet", "--metrics", "0");
  await go("--quiet", "--otlp", "127.0.0.1:1");
  assert.deepEqual(asked, [[false, false], [true, false], [true, true]]);
});
