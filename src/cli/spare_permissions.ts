/**
 * Which permissions a command does not need.
 */
import type { ParsedCommand } from "./command_line.ts";
import type { Spare } from "./process/permissions.ts";

/** The permissions that a command does not need from its start on. */
export function spareFor(asked: ParsedCommand, everythingIsGiven = isEverythingGiven()): readonly Spare[] {
  switch (asked.command) {
    case "broker":
      return ["run"];
    case "broker passwd":
      return ["net", "run", "ffi"];
    case "broker status":
    case "broker disconnect":
    case "broker end-session":
    case "broker clear-retained":
      return ["write", "run", "ffi"];
    case "capacity":
    case "fleet":
    case "check": {
      // With --allow-all the fleet reads /proc, which the runtime permits only while the program keeps all permissions.
      if (everythingIsGiven) return [];
      const spare: Spare[] = runsPrograms(asked) ? [] : ["run"];
      return asked.engine === "deno" ? [...spare, "ffi"] : spare;
    }
    case "part":
      // The plan of the coordinator decides whether the part runs programs.
      return asked.engine === "deno" && !everythingIsGiven ? ["ffi"] : [];
    case "report merge":
      return asked.over === undefined ? ["net", "run", "ffi"] : ["run", "ffi"];
    case "report":
    case "report compare":
      return ["net", "run", "ffi"];
    case "finished":
    case "fleet scenario":
    case "fleet scenario-schema":
    case "fleet profiles":
    case "fleet thresholds":
    case "broker config-schema":
      return ["net", "read", "write", "run", "ffi"];
  }
}

/** True under `--allow-all`: no command is given the environment otherwise. */
function isEverythingGiven(): boolean {
  return Deno.permissions.querySync({ name: "env" }).state === "granted";
}

/** Commands of the user, and nftables for kill mode vanish; a scenario file may name that too. */
function runsPrograms(asked: Extract<ParsedCommand, { readonly command: "capacity" | "fleet" | "check" }>): boolean {
  if (asked.authCommand !== undefined) return true;
  if (asked.command !== "capacity" && asked.restartCommand !== undefined) return true;
  if (asked.passwordCommand !== undefined) return true;
  if (asked.command === "check") return false;
  if (asked.kickCommand !== undefined) return true;
  if (asked.command === "fleet" && (asked.nodeStop ?? asked.nodeStart ?? asked.scenario) !== undefined) return true;
  return asked.killShares?.some(({ mode }) => mode === "vanish") ?? false;
}
