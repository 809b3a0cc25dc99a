/**
 * The program gives up the permissions that its command does not need, so that a fault in it, or in a package, finds
 * less to use. What is given up is gone for every thread of the process, and does not come back.
 */
import type { Asked } from "./command_line.ts";

/** Gives up permissions, each in whole: the runtime cannot narrow one that is given. */
export type GiveUp = (...names: readonly Spare[]) => void;

/** A permission that can be given up. */
export type Spare = "read" | "write" | "net" | "run" | "ffi";

/** As the program does it. */
export const giveUpPermissions: GiveUp = (...names) => {
  for (const name of names) Deno.permissions.revokeSync({ name });
};

/** For a caller whose permissions are its own affair: a test, or a program around this one. */
export const keepPermissions: GiveUp = () => {};

/** What a command does not need from its start on. */
export function spareFor(asked: Asked, everythingIsGiven = isEverythingGiven()): readonly Spare[] {
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
    case "fleet":
    case "check": {
      // With --allow-all the fleet reads /proc, which the runtime permits only while nothing is given up.
      if (everythingIsGiven) return [];
      const spare: Spare[] = asked.restartCommand === undefined ? ["run"] : [];
      return asked.engine === "deno" ? [...spare, "ffi"] : spare;
    }
    case "report":
    case "report merge":
    case "report compare":
      return ["net", "run", "ffi"];
    case "told":
    case "fleet scenario":
    case "fleet scenario-schema":
    case "fleet profiles":
    case "broker config-schema":
      return ["net", "read", "write", "run", "ffi"];
  }
}

/** True under `--allow-all`: no command is given the environment otherwise. */
function isEverythingGiven(): boolean {
  return Deno.permissions.querySync({ name: "env" }).state === "granted";
}
