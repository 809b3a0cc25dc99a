import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { benchRequest } from "./bench_request.ts";

Deno.test("bench: refuses unknown words and lists the permitted ones", () => {
  for (
    const [args, sentence] of [
      [["--rounds", "0"], /^Cannot use --rounds 0: expected a whole number above 0$/],
      [["--minutes", "1.5"], /^Cannot use --minutes 1\.5: /],
      [["--workload", "strom"], /^Cannot use --workload strom: expected one of storm-5000-1-q0, /],
      [["--broker", "emqx"], /^Cannot use --broker emqx: expected one of mosquitto, aedes, /],
      [["--fast"], /^Cannot read the arguments: .*--fast/],
    ] as const
  ) {
    assert.throws(() => benchRequest(args), (error) => error instanceof UsageError && sentence.test(error.message));
  }
});

Deno.test("bench: selects workloads by the start of their ids", () => {
  const { workloads, brokers, rounds } = benchRequest([
    "--workload",
    "fan-",
    "--workload",
    "connect",
    "--broker",
    "aedes",
  ]);
  assert.deepEqual(workloads.map(({ id }) => id), ["fan-out-q0", "fan-out-q1", "fan-in-q0", "fan-in-q1", "connect"]);
  assert.deepEqual({ brokers: brokers.map(({ name }) => name), rounds }, { brokers: ["aedes"], rounds: 5 });
});
