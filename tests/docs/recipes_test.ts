/**
 * docs/recipes.md: the YAML of each recipe against the schema of its reader, and the commands in it. GitHub workflows are
 * checked by linters in `tests/github/lint_test.ts`; the tour is run by `tests/e2e/doc_examples_test.ts`.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { builtInScenarios } from "../../src/cli/fleet/scenarios.ts";
import { isCompose } from "../support/schema/compose.ts";
import { docCommands } from "./doc_commands.ts";
import { blocksOf, textOf } from "./doc_page.ts";
import { yamlCalls, yamlScript } from "./yaml_commands.ts";

const page = "docs/recipes.md";
const yaml = blocksOf(page).filter(({ language }) => language === "yaml").map(({ text }) => text);
const only = (texts: readonly string[]) => {
  assert.equal(texts.length, 1);
  return texts[0]!;
};
const compose = only(yaml.filter((text) => /^services:/m.test(text)));
const gitlab = only(yaml.filter((text) => /^ +script:/m.test(text)));
const workflow = only(yaml.filter((text) => /^jobs:/m.test(text)));

/** A job of GitLab, as far as the recipe uses the keywords of docs.gitlab.com/ci/yaml. */
const gitlabJob = z.strictObject({
  image: z.string(),
  services: z.array(z.strictObject({ name: z.string(), alias: z.string() })),
  script: z.array(z.string()),
  artifacts: z.strictObject({
    when: z.enum(["always", "on_success", "on_failure"]),
    paths: z.array(z.string()),
    reports: z.strictObject({ junit: z.string() }),
  }),
});

Deno.test("recipes: the Compose file has the schema of the Compose specification, and a planted fault is found", () => {
  assert.ok(isCompose(parse(compose)), JSON.stringify(isCompose.errors));
  assert.ok(!isCompose(parse(compose.replace("depends_on:", "depend_on:"))));
});

Deno.test("recipes: the job of GitLab has known keywords alone, and a planted fault is found", () => {
  for (const job of Object.values(parse(gitlab))) gitlabJob.parse(job);
  assert.throws(() => gitlabJob.parse(parse(gitlab.replace("alias:", "aliases:")).wills));
});

Deno.test("recipes: the service that mqtt-sim tests is the one that the file names", () => {
  const { services } = parse(compose);
  const { args } = docCommands().find(({ place }) =>
    place.startsWith(page) && place.endsWith(`:${lineOf("services:")}`)
  )!;
  assert.ok(Object.keys(services).includes(/mqtt:\/\/(\w+):1883/.exec(args.join(" "))![1]!));
  assert.equal(/mqtt:\/\/(\w+):1883/.exec(yamlScript(gitlab))![1], parse(gitlab).wills.services[0].alias);
});

function lineOf(first: string): number {
  return blocksOf(page).find(({ text }) => text.startsWith(first))!.line;
}

Deno.test("recipes: commands are found in steps of the action, in jobs of GitLab and in services of Compose", () => {
  assert.deepEqual(yamlCalls(workflow).map(([command]) => command), ["fleet", "check"]);
  assert.deepEqual(yamlCalls(compose), [
    ["fleet", "--url=mqtt://broker:1883", "--wait=60s", "--profile=mosquitto", "--clients=500", "--duration=20s"],
  ]);
  assert.match(yamlScript(gitlab), /task mqtt-sim fleet --url mqtt:\/\/broker:1883/);
  const wrong = workflow.replace("artifact:", "artefact:");
  assert.throws(() => yamlCalls(wrong), /Cannot use the input "artefact": action\.yml does not have it/);
});

Deno.test("recipes: the page names every scenario and describes every input of the action", () => {
  const text = textOf(page);
  for (const { name } of builtInScenarios) assert.ok(text.includes(name), name);
  for (const name of Object.keys(parse(textOf("action.yml")).inputs)) assert.ok(text.includes(`\`${name}\``), name);
});
