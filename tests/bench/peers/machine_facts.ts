/** The conditions of a run: the machine, and the versions of the brokers. */
import { wallTime } from "../../../src/base/clock.ts";
import { tool } from "../../../src/cli/process/tool.ts";
import { mosquitto } from "../../support/brokers/peers.ts";

export interface MachineFacts {
  readonly date: string;
  /** Name and value of each, for a reader. */
  readonly machine: readonly (readonly [string, string])[];
  readonly versions: readonly (readonly [string, string])[];
}

async function wordOf(file: string, pattern: RegExp): Promise<string> {
  return (await Deno.readTextFile(file)).match(pattern)?.[1] ?? "unknown";
}

/** mosquitto's own version line. */
async function mosquittoVersion(): Promise<string> {
  if (mosquitto.program === "") return "missing";
  const { stdout } = await new Deno.Command(mosquitto.program, { args: ["-h"], stderr: "null" }).output();
  return new TextDecoder().decode(stdout).match(/mosquitto version (\S+)/)?.[1] ?? "unknown";
}

/** @param generatorEngine the engine that the generator runs on */
export async function machineFacts(generatorEngine: string): Promise<MachineFacts> {
  const { scopes: { "./": packages } }: { scopes: { "./": Record<string, string> } } = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const kilobytes = Number(await wordOf("/proc/meminfo", /^MemTotal:\s+(\d+) kB$/m));
  return {
    date: wallTime().toISOString().slice(0, 10),
    machine: [
      ["CPU", await wordOf("/proc/cpuinfo", /^model name\s*:\s*(.+)$/m)],
      ["cores", String(navigator.hardwareConcurrency)],
      ["memory", `${(kilobytes / 1024 / 1024).toFixed(1)} GiB`],
      ["kernel", `${Deno.build.os} ${Deno.osRelease().split("-")[0]}, ${Deno.build.arch}`],
      // A figure is unreliable if other processes used the cores, so the page states the load.
      ["processes that wanted to run, in the minute before", await wordOf("/proc/loadavg", /^(\S+)/)],
      ["open files a process may have", await wordOf("/proc/self/limits", /^Max open files\s+(\d+)/m)],
    ],
    versions: [
      ["mqtt-sim", tool.version],
      ["Deno", `${Deno.version.deno}, V8 ${Deno.version.v8}`],
      ["mosquitto", await mosquittoVersion()],
      ["aedes", packages["aedes"]?.split("@").at(-1) ?? "unknown"],
      ["generator's engine", generatorEngine],
    ],
  };
}
