/**
 * The flags of `mqtt-sim fleet` that a search has no use for, each with the reason and what to do instead.
 */

const varies = "a search varies the load itself; expected --from, --to and --step-duration";
const shape =
  "each step of a search is one kill phase, or one storm; expected --of, --kill-mode and the flags of the plan";
const alone = "a search has no shards; expected --workers, or --over with --parts";
const restarts = "a search never restarts the broker; expected mqtt-sim fleet --scenario restart";
const files = "a search writes --report and --html; expected mqtt-sim fleet at one load for the other forms";
const views = "a search prints a line for each step; expected mqtt-sim fleet at one load for views of a run";
const always = "each step of a search ends at its first fault; expected no such flag";

const refused: Readonly<Record<string, string>> = {
  "--kill-rate": varies,
  "--duration": varies,
  "-d": varies,
  "--scenario": shape,
  "--shard": alone,
  "--start-at": alone,
  "--restart-command": restarts,
  "--node-stop": restarts,
  "--node-start": restarts,
  "--restart-timeout": restarts,
  "--record": files,
  "--junit": files,
  "--markdown": files,
  "--csv": files,
  "--csv-lives": files,
  "--hdr": files,
  "--annotations": files,
  "--live": views,
  "--metrics": views,
  "--metrics-linger": views,
  "--otlp": views,
  "--otlp-headers": views,
  "--verbose": views,
  "-v": views,
  "--abort-on-fail": always,
};

/** Why a search does not take a flag of `mqtt-sim fleet`; undefined for a flag that it takes or does not know. */
export function whyRefused(flag: string): string | undefined {
  return Object.hasOwn(refused, flag) ? refused[flag] : undefined;
}
