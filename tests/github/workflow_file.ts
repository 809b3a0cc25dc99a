/** The GitHub workflows and the action of this repository, and what tests read of them. */
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);

/** One step of a job or of the action. */
export interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A step that runs a script. */
export interface ShellStep {
  /** File, job and name, such as `release.yml/npm/Publish the package`. */
  readonly place: string;
  readonly script: string;
  readonly shell: string | undefined;
  /** The variables of the workflow, the job and the step; values may contain expressions. */
  readonly env: Readonly<Record<string, string>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: { readonly include: readonly Readonly<Record<string, string>>[] } };
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly defaults?: { readonly run: { readonly shell: string } };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** The action's metadata. */
export interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly description: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

/** The paths of all workflows from the top of the repository. */
export const workflowPaths: readonly string[] = [...Deno.readDirSync(new URL(".github/workflows/", root))]
  .map(({ name }) => `.github/workflows/${name}`).sort();

export const actionPath = "action.yml";

/** The text of a file of this repository. */
export function fileText(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}

/** A workflow as data. */
export function workflowOf(path: string): Workflow {
  return parse(fileText(path));
}

/** The action as data. */
export function actionMetadata(): Action {
  return parse(fileText(actionPath));
}

/** Every step of every workflow and of the action, with the file. */
export function allSteps(): { readonly path: string; readonly step: Step }[] {
  const ofWorkflows = workflowPaths.flatMap((path) =>
    Object.values(workflowOf(path).jobs).flatMap(({ steps }) => steps.map((step) => ({ path, step })))
  );
  return [...ofWorkflows, ...actionMetadata().runs.steps.map((step) => ({ path: actionPath, step }))];
}

/** Every step that runs a script. */
export function shellSteps(): ShellStep[] {
  const ofWorkflows = workflowPaths.flatMap((path) => {
    const { env, defaults, jobs } = workflowOf(path);
    const file = path.split("/").at(-1)!;
    return Object.entries(jobs).flatMap(([name, job]) =>
      job.steps.flatMap((step) => shellStep(`${file}/${name}`, step, { ...env, ...job.env }, defaults?.run.shell))
    );
  });
  return [...ofWorkflows, ...actionMetadata().runs.steps.flatMap((step) => shellStep(actionPath, step, {}, undefined))];
}

function shellStep(
  place: string,
  { name, run, shell, env }: Step,
  outer: Readonly<Record<string, string>>,
  usual: string | undefined,
): ShellStep[] {
  if (run === undefined) return [];
  return [{ place: `${place}/${name}`, script: run, shell: shell ?? usual, env: { ...outer, ...env } }];
}

/** A text in which each expression has its value; an expression without one is an error. */
export function evaluated(text: string, values: Readonly<Record<string, string>>): string {
  return `${text}`.replaceAll(/\$\{\{ *([^}]+?) *\}\}/g, (_, expression: string) => {
    const value = values[expression];
    if (value === undefined) throw new Error(`Cannot evaluate the expression "${expression}"`);
    return value;
  });
}
