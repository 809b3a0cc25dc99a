/** The script of action.yml, run with a substitute of mqtt-sim; once with mqtt-sim itself. */
import assert from "node:assert/strict";
import { runStep, type StepRun } from "./step_stage.ts";
import { actionMetadata, actionPath, shellSteps } from "./workflow_file.ts";

const root = new URL("../../", import.meta.url);
const steps = shellSteps().filter(({ place }) => place.startsWith(actionPath));
const { inputs, outputs, runs } = actionMetadata();
const defaults = Object.fromEntries(
  Object.entries(inputs).map(([name, input]) => [`inputs.${name}`, input.default ?? ""]),
);

/** mqtt-sim with these exit code and verdict: it writes the reports that the flags name. */
function substitute(code: number, verdict: string): string {
  return `
for word; do
  case $last in
    --report) echo '{ "verdict": "${verdict.toLowerCase()}" }' >"$word" ;;
    --markdown) printf '### mark ${verdict}: 1%% of the wills\\n\\nmore\\n' >"$word" ;;
    --html | --junit) : >"$word" ;;
    --password-file) printf 'password: %s\\n' "$(cat "$word")" ;;
  esac
  last=$word
done
exit ${code}
`;
}

function run(given: Readonly<Record<string, string>>, npx = substitute(0, "PASS")): Promise<StepRun> {
  const values = Object.fromEntries(Object.entries(given).map(([name, value]) => [`inputs.${name}`, value]));
  return runStep(steps[0]!, { values: { ...defaults, ...values }, programs: { npx: `last=\n${npx}` } });
}

const source = "npx '-y' 'deno@2.9.6' 'task' '--quiet' '--config' '/action/deno.json' 'mqtt-sim'";
const folder = "FOLDER/temp/mqtt-sim.X";
const annotations = "'--annotations' 'github'";
const reports = `'--report' '${folder}/run.json' '--html' '${folder}/run.html' '--junit' '${folder}/run.xml' ` +
  `'--markdown' '${folder}/run.md'`;

Deno.test("action: runs a fleet from its own sources, and writes summary and outputs", async () => {
  const { code, calls, summary, outputs: written, printed } = await run({});
  assert.equal(code, 0, printed);
  assert.deepEqual(calls, [`${source} 'fleet' ${reports} ${annotations}`]);
  assert.equal(summary, "### mark PASS: 1% of the wills\n\nmore\n");
  assert.deepEqual(written, { folder, "exit-code": "0", verdict: "pass" });
  assert.equal(printed, "");
});

Deno.test("action: passes broker, login and flags on word by word, and expands nothing", async () => {
  const args = `--threshold 'latencyMs.all.p99<500'\n--html "my page.html" --kill-mode $(id)`;
  const given = {
    url: "mqtt://127.0.0.1:1883",
    wait: "1m",
    annotations: "false",
    username: "fleet",
    password: "pass word",
    version: "0.2.0",
    args,
  };
  const { code, calls, printed, files } = await run({ ...given, command: "check" });
  assert.equal(code, 0, printed);
  assert.deepEqual(calls, [
    `npx '-y' 'mqtt-sim@0.2.0' 'check' ${reports} '--url' 'mqtt://127.0.0.1:1883' '--wait' '1m' '--username' 'fleet' ` +
    `'--password-file' '${folder}' '--threshold' 'latencyMs.all.p99<500' '--html' 'my page.html' ` +
    `'--kill-mode' '$(id)'`,
  ]);
  assert.match(printed, /^password: pass word$/m);
  const left = [...files.keys()].filter((path) => path.startsWith("temp/"));
  assert.deepEqual(left.sort(), ["html", "json", "md", "xml"].map((type) => `temp/mqtt-sim.X/run.${type}`));
});

for (const [code, verdict] of [[1, "FAIL"], [3, "VOID"]] as const) {
  Deno.test(`action: ${verdict} fails the step with exit code ${code}, with summary and verdict`, async () => {
    const run1 = await run({}, substitute(code, verdict));
    assert.equal(run1.code, code);
    assert.deepEqual(run1.outputs, { folder, "exit-code": `${code}`, verdict: verdict.toLowerCase() });
    assert.match(run1.summary, new RegExp(`^### mark ${verdict}`));
    assert.equal(run1.printed, "", "mqtt-sim itself annotates the run");
  });
}

Deno.test("action: waits 30 s for a broker, and not at all without a duration", async () => {
  const url = "mqtt://127.0.0.1:1883";
  assert.match((await run({ url })).calls[0]!, /'--url' 'mqtt:\/\/127\.0\.0\.1:1883' '--wait' '30s'$/);
  assert.doesNotMatch((await run({ url, wait: "" })).calls[0]!, /--wait/);
});

Deno.test("action: the summary can be turned off", async () => {
  const { code, summary } = await run({ summary: "false" }, substitute(1, "FAIL"));
  assert.deepEqual({ code, summary }, { code: 1, summary: "" });
});

Deno.test("action: a program that ends without a report fails the step, and annotates the run", async () => {
  const { code, outputs: written, summary, printed } = await run({}, "exit 2");
  assert.deepEqual({ code, written, summary }, { code: 2, written: { folder, "exit-code": "2" }, summary: "" });
  assert.match(printed, /^::error title=mqtt-sim fleet::no report, exit code 2/);
  assert.equal((await run({ annotations: "false" }, "exit 2")).printed, "");
});

const refusals: Readonly<Record<string, readonly [Readonly<Record<string, string>>, RegExp]>> = {
  "another command": [{ command: "broker" }, /^::error title=mqtt-sim::Cannot run the command "broker"/m],
  "a version that is no version": [{ version: "0.2.0 x" }, /Cannot use the version "0\.2\.0 x"/],
  "another word than true and false": [{ summary: "yes" }, /Cannot read "yes": expected true or false/],
  "a quote without an end": [{ args: "--threshold 'a" }, /Cannot read the arguments: a quote has no end/],
};

for (const [name, [given, sentence]] of Object.entries(refusals)) {
  Deno.test(`action: refuses ${name}`, async () => {
    const { code, printed, calls } = await run(given);
    assert.equal(code, 2);
    assert.match(printed, sentence);
    assert.deepEqual(calls, []);
  });
}

Deno.test("action: uploads the folder also after a failure, and every output is one of the script", () => {
  assert.equal(steps.length, 1);
  const upload = runs.steps.find((step) => step.uses?.startsWith("actions/upload-artifact@"))! as unknown as {
    if: string;
    with: Record<string, string>;
  };
  assert.match(upload.if, /^always\(\) && /);
  assert.equal(upload.with.path, "${{ steps.run.outputs.folder }}");
  for (const [name, { value }] of Object.entries(outputs)) assert.equal(value, `\${{ steps.run.outputs.${name} }}`);
});

Deno.test("action: runs mqtt-sim itself on the embedded broker", async () => {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout));
  const npx = `export DENO_DIR='${denoDir}' NO_COLOR=1\nshift 2\nexec '${Deno.execPath()}' "$@"\n`;
  const { code, summary, outputs: written, printed } = await runStep(steps[0]!, {
    values: {
      ...defaults,
      "github.action_path": root.pathname.replace(/\/$/, ""),
      "inputs.args": "--clients 20 --kill-rate 50% --kill-mode close --duration 1s",
    },
    programs: { npx },
  });
  assert.equal(code, 0, printed);
  assert.equal(written.verdict, "pass");
  assert.match(summary, /^### \S+ PASS/);
});
