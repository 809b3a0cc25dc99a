/**
 * The scripts of the GitHub workflows, run: which programs they call and how, and that each of them fails when one of
 * its programs does. The programs are substitutes; `tests/github/step_stage.ts` runs the scripts as GitHub does.
 */
import assert from "node:assert/strict";
import { binaryName, targets } from "../../tools/program/binaries.ts";
import { runStep, type StepRun, type StepSetting } from "./step_stage.ts";
import { actionPath, shellSteps, workflowOf } from "./workflow_file.ts";

const tag = { "github.ref_name": "v0.2.0" };
const repository = { "github.repository": "Owner/mqtt-sim", "github.actor": "actor", "secrets.GITHUB_TOKEN": "secret" };
const sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
const release = {
  "dist/notes.md": "notes",
  "dist/release/a": "a",
  "dist/release/b": "b",
  "dist/release/SHA256SUMS": `${sumOfA}  a\n`,
};
const binaries = {
  ...Object.fromEntries(targets.map((target) => [`dist/release/${binaryName(target)}`, "other"])),
  [`dist/release/${binaryName("x86_64-unknown-linux-gnu")}`]: "x86",
  [`dist/release/${binaryName("aarch64-unknown-linux-gnu")}`]: "arm",
};
const binary = `#!/bin/bash
printf 'mqtt-sim %s\\n' "$1" >>"$CALLS"
[[ $1 == --version ]] && echo "mqtt-sim 0.2.0"
exit 0
`;

interface StepCase extends StepSetting {
  readonly calls: readonly string[];
  /** Programs whose failure the step handles. */
  readonly handled?: readonly string[];
  readonly check?: (run: StepRun) => void;
}

const cases: Readonly<Record<string, StepCase>> = {
  "ci.yml/linux/Run every step of .ci/run, which installs brokers and a browser": {
    programs: { sudo: "" },
    calls: [`sudo 'env' 'PATH=FOLDER/bin' 'CI=true' 'GITHUB_ACTIONS=true' 'bash' '.ci/run'`],
  },
  "ci.yml/platforms/Download the packages": {
    programs: { npx: "" },
    calls: ["npx '-y' 'deno@2.9.6' 'install' '--frozen' '--lock=deno.lock'"],
  },
  "ci.yml/platforms/Run a fleet, a check and their reports": {
    programs: { npx: '[[ $* == *" report "* ]] && echo "### PASS"; exit 0' },
    calls: [
      "npx '-y' 'deno@2.9.6' 'task' 'mqtt-sim' 'fleet' '--clients' '100' '--kill-rate' '10%' '--duration' '5s' " +
      "'--report' 'run.json' '--html' 'run.html'",
      "npx '-y' 'deno@2.9.6' 'task' 'mqtt-sim' 'report' 'run.json' '--markdown' '-'",
      "npx '-y' 'deno@2.9.6' 'task' 'mqtt-sim' 'check' '--only' 'will/reset' '--quick'",
    ],
    check: ({ summary }) => assert.equal(summary, "### PASS\n"),
  },
  "ci.yml/platforms/Run the tests": {
    values: { "matrix.tests": "tests/base tests/mqtt" },
    programs: { npx: "" },
    calls: [
      "npx '-y' 'deno@2.9.6' 'test' '--lock=deno.lock' '--frozen' '--no-prompt' '--allow-all' 'tests/base' 'tests/mqtt'",
    ],
  },
  "release.yml/build/Check that tag, version and changelog agree": {
    values: tag,
    files: { "deno.json": '{ "version": "0.2.0" }' },
    programs: { npx: 'echo "### Added"' },
    calls: ["npx '-y' 'deno@2.9.6' 'task' 'release:notes' 'v0.2.0'"],
    check: ({ files }) => assert.equal(files.get("work/dist/notes.md"), "### Added\n"),
  },
  "release.yml/build/Pass the gates and the tests": {
    values: tag,
    programs: { npx: "" },
    calls: ["npx '-y' 'deno@2.9.6' 'task' 'ok'"],
  },
  "release.yml/build/Build the binaries and the npm package": {
    values: { ...tag, ...repository },
    files: { "dist/npm/package.json": "{}" },
    programs: { npx: "", npm: "" },
    calls: [
      "npx '-y' 'deno@2.9.6' 'task' 'binaries'",
      "npx '-y' 'deno@2.9.6' 'task' 'npm'",
      "npm 'pkg' 'set' 'repository.type=git' 'repository.url=git+https://github.com/Owner/mqtt-sim.git'",
      "npm 'pack' '--pack-destination' '../release'",
    ],
  },
  "release.yml/build/List the packages in the binary": {
    values: tag,
    files: { "docs/sbom.cdx.json": "{}", "docs/licences.md": "# Licences", LICENSE: "MIT", "dist/release/a": "" },
    programs: { npx: "", git: "" },
    calls: [
      "npx '-y' 'deno@2.9.6' 'task' 'sbom'",
      "git 'diff' '--exit-code' '--' 'docs/sbom.cdx.json' 'docs/licences.md'",
    ],
    check: ({ files }) => assert.equal(files.get("work/dist/release/sbom.cdx.json"), "{}"),
  },
  "release.yml/try/Run a fleet and a check": {
    values: { ...tag, "matrix.target": "x86_64-unknown-linux-gnu" },
    files: { "dist/release/mqtt-sim-x86_64-unknown-linux-gnu": binary, "dist/release/SHA256SUMS": "" },
    programs: {},
    calls: ["mqtt-sim --version", "mqtt-sim fleet", "mqtt-sim check"],
  },
  "release.yml/npm/Publish the package, unless an earlier attempt did": {
    values: { ...tag, "secrets.NPM_TOKEN": "secret" },
    programs: { npm: "[[ $1 != view ]]" },
    handled: ["npm view"],
    calls: [
      "npm 'view' 'mqtt-sim@0.2.0' 'version'",
      "npm 'publish' './dist/release/mqtt-sim-0.2.0.tgz' '--provenance' '--access' 'public' '--tag' 'latest'",
    ],
  },
  "release.yml/image/Build and push the image for two architectures": {
    values: { ...tag, ...repository },
    files: binaries,
    programs: { buildah: '[[ $1 == login ]] && cat >>"$CALLS"; exit 0' },
    calls: [
      "buildah 'build' '--platform' 'linux/amd64' '--build-arg' 'BINARY=mqtt-sim-amd64' '--manifest' 'mqtt-sim' '.'",
      "buildah 'build' '--platform' 'linux/arm64' '--build-arg' 'BINARY=mqtt-sim-arm64' '--manifest' 'mqtt-sim' '.'",
      "buildah 'login' '--username' 'actor' '--password-stdin' 'ghcr.io'",
      "secret",
      "buildah 'manifest' 'push' '--all' 'mqtt-sim' 'docker://ghcr.io/owner/mqtt-sim:0.2.0'",
      "buildah 'manifest' 'push' '--all' 'mqtt-sim' 'docker://ghcr.io/owner/mqtt-sim:latest'",
    ],
    check: ({ files }) => {
      assert.equal(files.get("work/dist/mqtt-sim-amd64"), "x86");
      assert.equal(files.get("work/dist/mqtt-sim-arm64"), "arm");
    },
  },
  "release.yml/publish/Make the release with binaries, checksums, list of packages and notes": {
    values: { ...tag, ...repository },
    files: release,
    programs: { gh: "" },
    calls: [
      "gh 'release' 'create' 'v0.2.0' '--repo' 'Owner/mqtt-sim' '--verify-tag' '--title' 'mqtt-sim 0.2.0' " +
      "'--notes-file' '../notes.md' '--' 'SHA256SUMS' 'a' 'b'",
    ],
    check: ({ files }) => {
      const lines = files.get("work/dist/release/SHA256SUMS")!.trim().split("\n");
      assert.deepEqual(lines.map((line) => line.split("  ")[1]), ["a", "b"]);
    },
  },
};

const steps = new Map(shellSteps().filter(({ place }) => !place.startsWith(actionPath)).map((one) => [one.place, one]));

Deno.test("workflows: each step that runs a script has a test", () => {
  assert.deepEqual(Object.keys(cases).sort(), [...steps.keys()].sort());
});

for (const [place, setting] of Object.entries(cases)) {
  Deno.test(`workflows: ${place}`, async (t) => {
    const step = steps.get(place)!;
    const run = await runStep(step, setting);
    assert.equal(run.code, 0, run.printed);
    assert.deepEqual(run.calls, setting.calls);
    setting.check?.(run);
    const programs = Object.keys(setting.programs);
    const kinds = new Set(setting.calls.filter((call) => programs.includes(call.split(" ")[0]!)).map(kindOf));
    for (const kind of kinds) {
      if (setting.handled?.includes(kind)) continue;
      // The steps share one place in the output.
      // deno-lint-ignore no-await-in-loop
      await t.step(`fails when ${kind} fails`, async () => {
        const [program, first] = kind.split(" ");
        const failing = {
          ...setting.programs,
          [program!]: `[[ $* != *'${first}'* ]] || exit 9\n${setting.programs[program!]}`,
        };
        assert.notEqual((await runStep(step, { ...setting, programs: failing })).code, 0);
      });
    }
  });
}

/** A program and what tells its calls apart: the last word that is no flag of npx, or the first word. */
function kindOf(call: string): string {
  const [program, ...words] = call.split(" ").map((word) => word.replaceAll("'", ""));
  if (program !== "npx") return `${program} ${words[0]}`;
  const after = words.slice(2).filter((word) => word !== "task" && word !== "mqtt-sim");
  return `${program} ${after[0]}`;
}

Deno.test("workflows: a tag that is not the version in deno.json is refused", async () => {
  const { code, printed, calls } = await runStep(
    steps.get("release.yml/build/Check that tag, version and changelog agree")!,
    { values: tag, files: { "deno.json": '{ "version": "0.3.0" }' }, programs: { npx: "" } },
  );
  assert.equal(code, 1);
  assert.match(printed, /^::error::the tag v0\.2\.0 is not v0\.3\.0/);
  assert.deepEqual(calls, []);
});

Deno.test("workflows: a binary of another version, and one whose fleet fails, fail the release", async () => {
  const place = "release.yml/try/Run a fleet and a check";
  const other = binary.replace("mqtt-sim 0.2.0", "mqtt-sim 0.1.0");
  const losing = binary.replace("exit 0", "[[ $1 != fleet ]]");
  for (const text of [other, losing]) {
    const files = { "dist/release/mqtt-sim-x86_64-unknown-linux-gnu": text };
    // deno-lint-ignore no-await-in-loop
    assert.notEqual((await runStep(steps.get(place)!, { ...cases[place]!, files })).code, 0);
  }
});

Deno.test("workflows: each binary that the release tries is one that deno task binaries makes, and is found", async () => {
  const place = "release.yml/try/Run a fleet and a check";
  const { include } = workflowOf(".github/workflows/release.yml").jobs.try!.strategy!.matrix;
  assert.equal(include.length, 3);
  for (const { target = "" } of include) {
    assert.ok(targets.includes(target), target);
    const files = Object.fromEntries(
      targets.map((one) => [`dist/release/${binaryName(one)}`, one === target ? binary : ""]),
    );
    const values = { ...tag, "matrix.target": target };
    // deno-lint-ignore no-await-in-loop
    const { code, calls } = await runStep(steps.get(place)!, { values, files, programs: {} });
    assert.deepEqual({ code, calls }, { code: 0, calls: cases[place]!.calls }, target);
  }
});

Deno.test("workflows: a binary that differs from its checksum is not released", async () => {
  const place = "release.yml/publish/Make the release with binaries, checksums, list of packages and notes";
  const files = { ...release, "dist/release/a": "other" };
  const { code, calls } = await runStep(steps.get(place)!, { ...cases[place]!, files });
  assert.deepEqual({ code, calls }, { code: 1, calls: [] });
});

Deno.test("workflows: a published version is not published again", async () => {
  const place = "release.yml/npm/Publish the package, unless an earlier attempt did";
  const { code, calls } = await runStep(steps.get(place)!, { ...cases[place]!, programs: { npm: "" } });
  assert.equal(code, 0);
  assert.deepEqual(calls, ["npm 'view' 'mqtt-sim@0.2.0' 'version'"]);
});

Deno.test("workflows: a pre-release is neither the latest package, image nor release", async () => {
  const values = { ...tag, ...repository, "github.ref_name": "v0.2.0-rc.1", "secrets.NPM_TOKEN": "secret" };
  const callsOf = async (place: string) => (await runStep(steps.get(place)!, { ...cases[place]!, values })).calls;
  const npm = await callsOf("release.yml/npm/Publish the package, unless an earlier attempt did");
  assert.match(npm.at(-1)!, /'--tag' 'next'$/);
  const image = await callsOf("release.yml/image/Build and push the image for two architectures");
  assert.deepEqual(image.filter((call) => call.includes("push")).map((call) => call.split(":").at(-1)), [
    "0.2.0-rc.1'",
  ]);
  const page = await callsOf(
    "release.yml/publish/Make the release with binaries, checksums, list of packages and notes",
  );
  assert.match(page.at(-1)!, /'--prerelease'/);
});
