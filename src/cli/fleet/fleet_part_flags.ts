/** The flags of `mqtt-sim fleet` about the parts of a run in several processes. */
import { object } from "@optique/core/constructs";
import { parseShard } from "../../fleet/plan/shard.ts";
import { parseStartAt } from "../../fleet/plan/start_at.ts";
import { valueFlag } from "../options/flag.ts";

/** Several processes, one run. */
export const parts = object("Parts", {
  shard: valueFlag(
    "--shard",
    { metavar: "N/OF", read: parseShard },
    "Be one of several processes, on this machine or others, that are one run together: 2/5 takes the second fifth of " +
      "the clients, with the kills that the whole run has for them. Each part is given the same flags and the same " +
      "--seed; mqtt-sim report merge joins their reports. Default: the whole run.",
  ),
  startAt: valueFlag(
    "--start-at",
    { metavar: "INSTANT", read: parseStartAt },
    "When to connect the fleet: 2026-05-01T12:00:00Z, or +10s from now. Shards that are given one instant connect and " +
      "kill in step. Default: at once.",
  ),
});
