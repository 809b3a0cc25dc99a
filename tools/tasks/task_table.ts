/**
 * The command lines of the tasks in `deno.json` that are too long to be read there, and of those that consist of
 * several commands. Owns the lists of permissions; `tools/tasks/run_task.ts` runs the lines.
 */

/** One command of a task. */
export interface TaskStep {
  /** The arguments of `deno`. */
  readonly args: readonly string[];
  /** Follows the arguments of the user; everything else precedes them. */
  readonly last?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The line on standard output when the command fails. Without it the command's own output suffices. */
  readonly failure?: string;
}

/** The commands of a task, in order. The task ends at the first that fails. */
export interface TaskLines {
  readonly steps: readonly TaskStep[];
  /** True where every command gets the user's arguments. Default: only the last one. */
  readonly passesToAll?: boolean;
  /** The line on standard output when every command has succeeded. */
  readonly success?: string;
}

/** The dependencies of a table of tasks. */
export interface TaskMachine {
  /** The path of the running `deno`. */
  readonly deno: string;
}

const loopback = "--allow-net=127.0.0.1,localhost";
const files = ["--allow-read", "--allow-write"];
const sockets = [loopback, "--allow-ffi", ...files];

const mosquittoTools = ["mosquitto_pub", "mosquitto_sub"];
const pahoTools = ["paho_c_pub", "paho_c_sub", "python3", "/usr/bin/python3"];
const mosquitto = ["mosquitto", "/usr/sbin/mosquitto"];
const nats = ["nats-server", "/usr/sbin/nats-server"];
const erlang = ["/usr/bin/erl", "/usr/bin/epmd"];
const otherBrokers = [...erlang, ...nats, "/usr/lib/rabbitmq/bin/rabbitmq-server"];
const slurm = ["/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"];
const peersOnDeno = ["sh", "stdbuf", ...mosquitto, ...mosquittoTools, ...pahoTools, ...otherBrokers];
const peers = [
  "sh",
  "npm",
  "setsid",
  "stdbuf",
  ...mosquitto,
  "mosquitto_passwd",
  "mosquitto_ctrl",
  ...mosquittoTools,
  ...pahoTools,
  ...otherBrokers,
  ...slurm,
  "promtool",
  "tinyproxy",
  "microsocks",
  "haproxy",
  "/usr/sbin/haproxy",
  "nft",
  "/usr/sbin/nft",
  "setpriv",
];
const compiledPeers = ["dist/mqtt-sim", "sh", "stdbuf", ...nats, ...mosquitto, ...mosquittoTools, ...pahoTools];
/** What the tests of the release and of the GitHub workflows run. */
const shell = ["sh", "bash", "git", "shellcheck"];
const imageBuilders = ["bash", "buildah"];

const compiledTests = ["tests/e2e/compiled_test.ts", "tests/e2e/download/image_test.ts"];
const notPeers = [...compiledTests, "tests/e2e/pages/page_test.ts", "tests/e2e/pages/screen_test.ts"];
const socketTests = ["tests/broker/broker_test.ts", "tests/broker/broker_thread_test.ts", "tests/broker/monitor"];
/** A part of the tests with peers that CI runs beside the others. */
const peersOfProgram = ["program", "parts", "identity"].map((folder) => `tests/e2e/${folder}`);
const peersOnDenoTests = ["crash", "fault", "fleet", "starved", "transports", "raw_truth"]
  .map((name) => `tests/e2e/${name}_test.ts`);
/** The files of the threads, which no import names. */
export const workers: readonly string[] = ["src/broker/broker_worker.ts", "src/fleet/squad/squad_worker.ts"];

const test = ["test", "--no-prompt"];
const script = ["run", "--no-prompt"];
const quiet = ["run", "--quiet", "--no-prompt"];

const gateTasks: readonly [string, TaskLines][] = [
  ["gates", {
    steps: [
      { args: ["fmt", "--check"], failure: "gates: fmt falls short: run deno fmt" },
      { args: ["lint"], failure: "gates: lint falls short" },
      { args: ["check"], failure: "gates: check falls short" },
      { args: ["doc", "--lint", "mod.ts"], failure: "gates: doc falls short: mod.ts exports what has no doc comment" },
    ],
  }],
  ["ok", {
    steps: [
      { args: ["task", "gates"] },
      { args: ["task", "house"], failure: "ok: house falls short: see ARCHITECTURE.md" },
      { args: ["task", "test"], failure: "ok: a test failed" },
    ],
    success: "ok: every gate is passed",
  }],
];

const lock: TaskLines = {
  steps: [
    { args: ["install", "--quiet", "--lock=deno.lock", "--frozen=false"] },
    { args: [...quiet, "--allow-read", "--allow-write=tools/program", "--ignore-env", "tools/program/write_lock.ts"] },
  ],
};

/** Every task whose command line is here, by its name in `deno.json`. */
export function taskTable(machine: TaskMachine): ReadonlyMap<string, TaskLines> {
  return new Map([...testTasks(machine), ...measuringTasks(machine), ...writingTasks(machine), ...gateTasks]);
}

function one(...args: string[]): TaskLines {
  return { steps: [{ args }] };
}

/** Permission to run this `deno` and other programs. */
function run(machine: TaskMachine, ...programs: string[]): string {
  return `--allow-run=${[machine.deno, ...programs].join(",")}`;
}

function testTasks(machine: TaskMachine): [string, TaskLines][] {
  const withPeers = [run(machine, ...peers), "--allow-env=CI", "--ignore-env"];
  const onDeno = [run(machine, ...peersOnDeno), "--allow-env=CI", "--ignore-env"];
  const compiled = [run(machine, ...compiledPeers, ...imageBuilders), "--allow-env=CI", "--ignore-env"];
  return [
    [
      "test",
      one(
        "test",
        "--doc",
        "--no-prompt",
        ...sockets,
        run(machine, ...shell),
        "--ignore-env",
        "--ignore=tests/e2e,tests/deploy",
      ),
    ],
    ["test:deno", one(...test, loopback, ...files, run(machine, "sh"), "--ignore-env", ...socketTests, "tests/cli")],
    ["test:peers", {
      steps: ["test:peers:brokers", "test:peers:program", "test:pages"].map((name) => ({ args: ["task", name] })),
      passesToAll: true,
    }],
    [
      "test:peers:brokers",
      one(...test, ...sockets, ...withPeers, `--ignore=${[...notPeers, ...peersOfProgram].join(",")}`, "tests/e2e"),
    ],
    ["test:peers:program", one(...test, ...sockets, ...withPeers, ...peersOfProgram)],
    ["trial:parts", one(...script, "--allow-all", "tests/e2e/parts/trials/trials.ts")],
    ["test:deploy", one(...test, "--allow-all", "tests/deploy")],
    ["test:pages", one(...test, "--allow-all", "tests/e2e/pages/page_test.ts", "tests/e2e/pages/screen_test.ts")],
    ["test:peers:deno", one(...test, loopback, ...files, ...onDeno, ...peersOnDenoTests)],
    ["test:compiled", one(...test, ...sockets, ...compiled, ...compiledTests)],
    ["house", one("test", "--quiet", "--no-prompt", "--allow-read", run(machine), "--ignore-env", "tests/house")],
  ];
}

function measuringTasks(machine: TaskMachine): [string, TaskLines][] {
  const collecting = ["run", "--v8-flags=--expose-gc", "--no-prompt"];
  const reading = [loopback, "--allow-ffi", "--allow-read"];
  return [
    ["fuzz", one(...collecting, ...reading, "--ignore-env", "tests/fuzz/fuzz.ts")],
    ["mutate", one(...script, ...files, run(machine), "--ignore-env", "tools/mutate.ts")],
    ["bench", one("bench", "--no-prompt", ...sockets, run(machine, "sh"), "--ignore-env", "tests/bench")],
    ["sim:open", one(...script, "--allow-read", "--ignore-env", "tests/sim/open/open_sim.ts")],
    ["bench:cost", one(...collecting, "--allow-read", "--ignore-env", "tests/bench/memory_cost.ts")],
    ["bench:turns", one(...script, "--allow-read", "--ignore-env", "tests/bench/packet_turns.ts")],
    ["bench:memory", one(...script, ...reading, run(machine), "--ignore-env", "tests/bench/memory.ts")],
    ["losses", one(...script, ...sockets, run(machine, "sh"), "--ignore-env", "tools/planted_losses.ts")],
  ];
}

function writingTasks(machine: TaskMachine): [string, TaskLines][] {
  const page = [...quiet, "--allow-read", "--allow-write=docs", run(machine), "--ignore-env"];
  const withPeers = [run(machine, ...peers), "--allow-env=CI", "--ignore-env"];
  return [
    ["compile", one(...script, ...files, run(machine), "--ignore-env", "tools/program/compile.ts")],
    ["binaries", one(...script, ...files, run(machine), "--ignore-env", "tools/program/binaries.ts")],
    ["release", one(...quiet, ...files, run(machine, "git"), "--ignore-env", "tools/release/release.ts")],
    ["lock", lock],
    ["npm", one(...script, ...files, run(machine, "npm"), "--ignore-env", "tools/program/npm_package.ts")],
    ["sbom", one(...page, "tools/sbom.ts")],
    [
      "docs:simulation",
      one(...script, "--allow-read", "--allow-write=docs", "--ignore-env", "tests/sim/open/open_recall.ts"),
    ],
    [
      "docs:attacks",
      one(...script, "--allow-all", "tests/bench/attacks.ts", "--seconds", "8", "--markdown", "docs/attacks.md"),
    ],
    ["docs:bench", one(...script, "--allow-all", "tests/bench/peers.ts", "--profile", "--markdown", "docs/bench.md")],
    ["profiles", one(...page, "tools/docs/profiles_page.ts")],
    ["docs:options", one(...page, "tools/docs/options_page.ts")],
    ["docs:conformance", one(...script, loopback, ...files, ...withPeers, "tools/docs/conformance_page.ts")],
    ["assets", {
      steps: [
        { args: [...quiet, "--allow-write=src/report/html/assets", "--ignore-env", "tools/docs/write_assets.ts"] },
        { args: ["fmt", "--quiet", "src/report/html/assets"] },
      ],
    }],
  ];
}
