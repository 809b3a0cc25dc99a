/** The commands of mqtt-sim in YAML examples: jobs of GitLab, services of Compose, steps that use the action. */
import { parseAllDocuments } from "yaml";
import { actionMetadata } from "../github/workflow_file.ts";
import { shellCommands } from "./shell_words.ts";

/** A step, job or service, as far as it is read here. */
interface Entry {
  readonly uses?: unknown;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly script?: unknown;
  readonly image?: unknown;
  readonly command?: unknown;
}

/** The shell lines of every `script` in a YAML text, as in `.gitlab-ci.yml`. */
export function yamlScript(text: string): string {
  return entriesOf(text).flatMap(({ script }) => Array.isArray(script) ? script : []).join("\n");
}

/** The arguments of every call of mqtt-sim that is no shell line: of a container, or of a step that uses the action. */
export function yamlCalls(text: string): string[][] {
  return entriesOf(text).flatMap(({ uses, with: given = {}, image, command }) => {
    if (typeof uses === "string" && uses.includes("/mqtt-sim@")) return [actionCall(given)];
    const isOurs = typeof image === "string" && /(^|\/)mqtt-sim(:|$)/.test(image);
    return isOurs && Array.isArray(command) ? [command.map(String)] : [];
  });
}

/** The arguments that the action passes on; an input that it does not have is an error. */
function actionCall(given: Readonly<Record<string, unknown>>): string[] {
  const { inputs } = actionMetadata();
  const unknown = Object.keys(given).find((name) => !(name in inputs));
  if (unknown !== undefined) throw new Error(`Cannot use the input "${unknown}": action.yml does not have it`);
  const value = (name: string) => String(given[name] ?? inputs[name]!.default ?? "");
  const url = value("url") === "" ? [] : ["--url", value("url"), "--wait", value("wait")];
  return [value("command"), ...url, ...shellCommands(value("args").replaceAll("\n", " ")).flat()];
}

function entriesOf(text: string): Entry[] {
  const documents = parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return document.toJS() as unknown;
  });
  return documents.flatMap(below);
}

function below(value: unknown): Entry[] {
  if (typeof value !== "object" || value === null) return [];
  return [...Array.isArray(value) ? [] : [value], ...Object.values(value).flatMap(below)];
}
