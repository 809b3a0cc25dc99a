/** The mqtt-sim commands in the examples of the pages. */
import { parse } from "yaml";
import { type Block, blocksOf, pages } from "./doc_page.ts";
import { shellCommands } from "./shell_words.ts";
import { yamlCalls, yamlScript } from "./yaml_commands.ts";

/** Languages of blocks with commands. `tests/e2e/doc_examples_test.ts` also runs the blocks of `sh`. */
const shellLanguages = new Set(["sh", "bash", "console", "text"]);

/** A command on a page. */
export interface DocCommand {
  /** Page and line of its block. */
  readonly place: string;
  /** The task that it calls. */
  readonly task: string;
  readonly args: readonly string[];
}

/** The script in a block: the whole block, its lines after `$ `, or the steps of a CI workflow. */
export function scriptOf({ language, text }: Block): string {
  if (language === "console") return [...text.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line).join("\n");
  if (language === "yaml" && /^jobs:/m.test(text)) {
    const { jobs } = parse(text) as { jobs: Record<string, { steps: { run?: string }[] }> };
    return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])).join("\n");
  }
  return shellLanguages.has(language) ? text : "";
}

/** Each call of a task of `deno.json` in the blocks of each page. */
export function docCommands(): DocCommand[] {
  return pages().flatMap(blocksOf).flatMap((block) => {
    const place = `${block.page}:${block.line}`;
    const isYaml = block.language === "yaml";
    const script = isYaml ? `${scriptOf(block)}\n${yamlScript(block.text)}` : scriptOf(block);
    const ofShell = shellCommands(script).flatMap((words) => {
      const call = taskOf(words);
      return call === undefined ? [] : [{ ...call, place }];
    });
    const ofYaml = isYaml ? yamlCalls(block.text).map((args) => ({ task: "mqtt-sim", args, place })) : [];
    return [...ofShell, ...ofYaml];
  });
}

/** The task that a command calls, through `deno task`, npx or `docker run`, and its arguments. */
export function taskOf(words: readonly string[]): Pick<DocCommand, "task" | "args"> | undefined {
  const [program, ...rest] = words[0] !== "npx" ? words : words.slice(words[1] === "mqtt-sim" ? 1 : 2);
  if (program === "mqtt-sim") return { task: program, args: rest };
  if (program === "docker" && rest[0] === "run" && rest.includes("mqtt-sim")) {
    return { task: "mqtt-sim", args: rest.slice(rest.indexOf("mqtt-sim") + 1) };
  }
  const script = rest.indexOf("cli.ts");
  if (program === "deno" && rest[0] === "run" && script > 0) return { task: "mqtt-sim", args: rest.slice(script + 1) };
  if (!/^deno(@|$)/.test(program ?? "") || rest[0] !== "task") return undefined;
  return { task: rest[1] ?? "", args: rest.slice(2) };
}
