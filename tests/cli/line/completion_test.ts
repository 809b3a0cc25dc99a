/** Completion: the words for each place, and the script of each shell, in a real shell where there is one. */
import assert from "node:assert/strict";
import { main } from "../../../src/cli/main.ts";
import { captured } from "../captured.ts";

/** The words that bash gets. */
async function words(...args: string[]): Promise<string[]> {
  const output = captured();
  assert.equal(await main(["completion", "bash", "--words", ...args], output), 0);
  return output.written.out.split("\n").filter((line) => line !== "");
}

const commands = ["fleet", "capacity", "part", "check", "broker", "report"];
const places: readonly [place: string, args: string[], offered: string[]][] = [
  ["the first word", [""], [...commands, "completion", "help", "version", "--help", "--version"]],
  ["a command", ["fl"], ["fleet"]],
  ["the shell of completion", ["completion", ""], ["bash", "fish", "nu", "pwsh", "zsh"]],
  ["a flag", ["fleet", "--kill-r"], ["--kill-rate"]],
  ["a value", ["fleet", "--kill-mode", "res"], ["reset"]],
  ["a value, which is no subcommand", ["broker", "--log-level", ""], ["error", "warning", "info", "debug"]],
  ["a value after an equals sign", ["fleet", "--color="], ["--color=auto", "--color=always", "--color=never"]],
  ["a value of a short flag", ["fleet", "-d", ""], []],
  ["a number", ["fleet", "--clients", ""], []],
  ["a file", ["fleet", "--report", ""], ["__FILE__:file:::0"]],
  ["a rule of check", ["check", "--rule", "3.1.2-22"], ["3.1.2-22"]],
  ["a profile", ["check", "--profile", "mosquitto-"], ["mosquitto-2.1"]],
  ["a subcommand", ["broker", "passw"], ["passwd"]],
  ["no subcommand after a flag", ["fleet", "--quiet", ""], []],
  ["a scenario", ["fleet", "scenario", "st"], ["steady", "storm"]],
  ["a topic of help", ["help", "fleet", "kill"], ["kills", "kill-modes"]],
  ["a topic after --help", ["fleet", "--help", "exit"], ["exit-codes"]],
  ["a command to help with", ["help", "br"], ["broker"]],
];
for (const [place, args, offered] of places) {
  Deno.test(`completion: offers ${place}`, async () => assert.deepEqual(await words(...args), offered));
}

Deno.test("completion: a value of --kill-mode, --only or --scenario is offered without a subcommand", async () => {
  for (const flag of ["--kill-mode", "--scenario", "--profile", "--protocol"]) {
    const offered = await words("fleet", flag, "");
    assert.ok(offered.length > 2, flag);
    assert.deepEqual(offered.filter((word) => /^(scenario|scenario-schema|profiles|thresholds|-.*)$/.test(word)), []);
  }
  assert.ok((await words("check", "--only", "will/")).length > 10);
  assert.ok((await words("fleet", "--scenario", "")).some((word) => word.startsWith("__FILE__:file:yaml,yml:")));
});

Deno.test("completion: zsh gets a NUL before each description, as its script expects", async () => {
  const output = captured();
  assert.equal(await main(["completion", "zsh", "--words", "ch"], output), 0);
  assert.equal(output.written.out, "check\0Check a broker against the standard, rule by rule.\0\n");
});

async function script(...args: string[]): Promise<string> {
  const output = captured();
  assert.equal(await main(["completion", ...args], output), 0);
  return output.written.out;
}

for (const shell of ["bash", "fish", "nu", "pwsh", "zsh"]) {
  Deno.test(`completion: the script of ${shell} starts this program, not a name in the path`, async () => {
    const text = await script(shell, "my-sim");
    assert.ok(text.includes(Deno.execPath()), "the runtime of this program");
    assert.ok(text.includes("my-sim"), "the given name");
    assert.doesNotMatch(text, /[($^& ]my-sim '?completion|& my-sim \$/);
  });
}

const bad: readonly [args: string[], sentence: string][] = [
  [["fissh"], 'Cannot write a completion for shell "fissh": expected bash, fish, nu, pwsh or zsh; did you mean fish?'],
  [
    ["bash", "$(reboot)"],
    'Cannot complete a program called "$(reboot)": expected letters, digits, dots, hyphens or underscores',
  ],
];
for (const [args, sentence] of bad) {
  Deno.test(`completion: bad input: ${args.join(" ")}`, async () => {
    const output = captured();
    assert.equal(await main(["completion", ...args], output), 2);
    assert.deepEqual([output.written.out, output.written.err], ["", `${sentence}\n`]);
  });
}

/** Runs a script of a shell; undefined where the shell is missing. */
function runIn(shell: string, text: string): string | undefined {
  const { code, stdout } = new Deno.Command("sh", {
    args: ["-c", `command -v ${shell} >/dev/null || exit 9; ${shell} -c "$1"`, "sh", text],
    stderr: "null",
  }).outputSync();
  return code === 9 ? undefined : new TextDecoder().decode(stdout);
}

/** What the program offers in each shell for `mqtt-sim fleet --kill-mode res`. */
const inShell: Readonly<Record<string, (file: string) => string>> = {
  bash: (file) =>
    `source ${file}; COMP_WORDS=(mqtt-sim fleet --kill-mode res) COMP_CWORD=3; _mqtt-sim; echo "\${COMPREPLY[*]}"`,
  fish: (file) => `source ${file}; complete -C "mqtt-sim fleet --kill-mode res"`,
};
for (const [shell, command] of Object.entries(inShell)) {
  const ignore = Deno.build.os === "windows" || runIn(shell, "echo there") === undefined;
  Deno.test({ name: `completion: the script works in ${shell}`, ignore }, async () => {
    // As the task runs the program: the script starts the same main file.
    const main = new URL("../../../cli.ts", import.meta.url);
    const folder = await Deno.makeTempDir();
    const text = (await script(shell, "mqtt-sim")).replaceAll(new URL(Deno.mainModule).pathname, main.pathname);
    await Deno.writeTextFile(`${folder}/script`, text);
    const offered = runIn(shell, command(`${folder}/script`));
    await Deno.remove(folder, { recursive: true });
    assert.equal(offered?.trim(), "reset");
  });
}
