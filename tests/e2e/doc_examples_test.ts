/**
 * Runs the examples of the pages: each block of `sh`, in the order of its page, in one folder for the page. A block
 * that starts a broker runs until the end of the page. Runs are short (see `tests/docs/example_program.ts`); tasks
 * other than `mqtt-sim` do not run. `tests/docs/doc_commands_test.ts` reads blocks of `text`.
 */
import assert from "node:assert/strict";
import { programFlags } from "../../tools/tasks/program_flags.ts";
import { asGranted } from "../support/brokers/granted.ts";
import { peerTest } from "../support/brokers/peers.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { freePort } from "../support/machine/free_port.ts";
import { scriptOf, taskOf } from "../docs/doc_commands.ts";
import { type Block, blocksOf, pages } from "../docs/doc_page.ts";
import { type Ports, withPorts } from "../docs/example_program.ts";
import { shellCommands } from "../docs/shell_words.ts";

const root = new URL("../../", import.meta.url);
/** Ports in the pages. */
const pagePorts = ["1883", "1884", "1885", "8080", "8884", "9090", "9464"];
const pageLimitMs = 300_000;

peerTest("examples: each sh block of each page runs", [], async () => {
  const waiting = pages().map((page) => blocksOf(page).filter((block) => block.language === "sh" || isWorkflow(block)));
  const faults: string[] = [];
  // Runs wait for their wills most of the time, so several pages run at once.
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let blocks = waiting.shift(); blocks !== undefined; blocks = waiting.shift()) {
      // One page after the other on each of the four lanes.
      // deno-lint-ignore no-await-in-loop
      await runPage(blocks).catch((error: Error) => faults.push(error.message));
    }
  }));
  assert.deepEqual(faults, []);
}, 600_000);

async function runPage(blocks: readonly Block[]): Promise<void> {
  const ports = Object.fromEntries(pagePorts.map((port) => [port, freePort()]));
  const folder = await Deno.makeTempDir({ prefix: "examples" });
  let broker: ChildProcess | undefined;
  try {
    await Deno.symlink(new URL("fixtures", root), `${folder}/fixtures`);
    // A block may need the files of an earlier one.
    // deno-lint-ignore-start no-await-in-loop
    for (const block of blocks) {
      const stays = startsBroker(block);
      if (stays) await broker?.[Symbol.asyncDispose](); // the next block needs its ports
      const script = `${prelude(ports, stays)}\n${scriptFor(block, ports)}`;
      const shell = new ChildProcess("sh", ["-euc", script], { cwd: folder });
      if (stays) {
        broker = shell;
        await shell.line(/(?:mqtt|ws)s?:\/\/127\.0\.0\.1:\d+/, { limitMs: 60_000 });
        continue;
      }
      const { code } = await shell.exit(pageLimitMs).finally(() => shell[Symbol.asyncDispose]());
      assert.equal(code, 0, `${block.page}:${block.line}\n${shell.said}`);
    }
    // deno-lint-ignore-end no-await-in-loop
  } finally {
    await broker?.[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

function isWorkflow(block: Block): boolean {
  return block.language === "yaml" && scriptOf(block) !== "";
}

/** Whether the last command of a block is a broker, which runs until it is stopped. */
function startsBroker(block: Block): boolean {
  const { task, args } = taskOf(shellCommands(scriptOf(block)).at(-1)!) ?? {};
  return task === "mqtt-sim" && args![0] === "broker" && (args!.length === 1 || args![1]!.startsWith("--"));
}

function scriptFor(block: Block, ports: Ports): string {
  const script = scriptOf(block).replaceAll("+60 seconds", "+15 seconds").replaceAll(/^sudo .*$/gm, "");
  return script.split("\n").map((line) => line.startsWith("curl ") ? withPorts(line, ports) : line).join("\n");
}

/** `deno` and `npx` for the script: mqtt-sim from the sources, in the folder of the test. */
function prelude(ports: Ports, stays: boolean): string {
  const program = [
    Deno.execPath(),
    "run",
    ...asGranted(programFlags()),
    new URL("tests/docs/example_program.ts", root).pathname,
  ];
  const words = [...program, JSON.stringify(ports)].map((word) => `'${word}'`).join(" ");
  return `
deno() {
  case "$1 \${2-}" in
    "task mqtt-sim") shift 2 ;;
    run*) while [ "$1" != cli.ts ]; do shift; done; shift ;;
    *) return 0 ;;
  esac
  ${stays ? "exec " : ""}${words} "$@"
}
npx() { if [ "$1" = mqtt-sim ]; then deno task "$@"; else shift 2; deno "$@"; fi; }
GITHUB_STEP_SUMMARY=summary.md
`;
}
