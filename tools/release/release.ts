/**
 * `deno task release 0.2.0`: sets the version in deno.json and in the list of packages, gives the unreleased changes in
 * CHANGELOG.md to the version, commits, and tags `v0.2.0`. It does not push. `--dry-run` checks and prints, and changes
 * nothing. It works on the repository in the current folder.
 *
 * Exit code 2, with one sentence, when the release is not possible; 1 when Git or `deno task sbom` fails: then the files
 * are as before.
 */
import { UsageError } from "../../src/base/failure.ts";
import { listsChanges, sectionsOf, withRelease } from "./changelog.ts";
import { compareVersions, parseVersion, type Version } from "./version.ts";

const usage = "deno task release X.Y.Z [--dry-run]";
const configPath = "deno.json";
const changelogPath = "CHANGELOG.md";

/** What a release changes. */
interface Release {
  readonly version: string;
  readonly tag: string;
  /** The new texts by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** A command that failed, with what it printed. */
class CommandError extends Error {}

function commandLine(args: readonly string[]): { version: Version; isDry: boolean } {
  const flag = args.find((arg) => arg.startsWith("-") && arg !== "--dry-run");
  if (flag !== undefined) throw new UsageError(`Cannot read the flag "${flag}": expected ${usage}`);
  const words = args.filter((arg) => !arg.startsWith("-"));
  if (words.length !== 1) throw new UsageError(`Cannot release ${words.length} versions: expected ${usage}`);
  return { version: parseVersion(words[0]!.replace(/^v(?=\d)/, "")), isDry: args.includes("--dry-run") };
}

/** Checks that the version can be released from the current folder, and what it changes. */
async function planRelease(version: Version): Promise<Release> {
  const cannot = (reason: string) => new UsageError(`Cannot release ${version.text}: ${reason}`);
  const [config, changelog] = await Promise.all([configPath, changelogPath].map((path) => Deno.readTextFile(path)));
  const current = parseVersion(JSON.parse(config!).version);
  if (compareVersions(version, current) < 0) throw cannot(`deno.json has the later version ${current.text}`);

  const status = await git("status", "--porcelain").catch(() => {
    throw cannot("the current folder is in no Git repository");
  });
  const changed = status.split("\n").filter((line) => line !== "");
  if (changed.length > 0) {
    throw cannot(`the working tree has ${changed.length} changed files, such as ${changed[0]!.slice(3)}: commit them`);
  }
  await git("var", "GIT_COMMITTER_IDENT").catch(() => {
    throw cannot("Git knows no name and e-mail address for the commit: set user.name and user.email");
  });

  const [head, ...released] = sectionsOf(changelog!);
  if (head?.name !== "Unreleased") throw cannot(`the first section of ${changelogPath} is not [Unreleased]`);
  if (!listsChanges(head)) throw cannot(`${changelogPath} lists no change under [Unreleased]`);
  const tags = (await git("tag", "--list", "v[0-9]*")).split("\n").filter((tag) => tag !== "");
  for (const name of [...tags.map((tag) => tag.slice(1)), ...released.map((section) => section.name)]) {
    const difference = compareVersions(version, parseVersion(name));
    if (difference <= 0) throw cannot(`${name} is released already${difference < 0 ? ", and is later" : ""}`);
  }
  return {
    version: version.text,
    tag: `v${version.text}`,
    files: new Map([
      [configPath, config!.replace(`"version": "${current.text}"`, `"version": "${version.text}"`)],
      [changelogPath, withRelease(changelog!, version.text, new Date().toISOString().slice(0, 10))],
    ]),
  };
}

/** Writes the files, commits them and tags the commit. */
async function release({ version, tag, files }: Release): Promise<void> {
  const before = await git("rev-parse", "HEAD");
  try {
    for (const [path, text] of files) Deno.writeTextFileSync(path, text);
    await run(Deno.execPath(), "task", "--quiet", "sbom"); // the list of packages has the version of mqtt-sim
    await git("add", "--update");
    await git("commit", "--quiet", "--message", `release: set the version to ${version}`);
    await git("tag", "--annotate", tag, "--message", `mqtt-sim ${version}`);
  } catch (error) {
    await git("reset", "--quiet", "--hard", before); // the working tree had no changes
    throw error;
  }
}

function git(...args: string[]): Promise<string> {
  return run("git", ...args);
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  if (success) return text(stdout);
  throw new CommandError(`${[program, ...args].join(" ")} failed: ${text(stderr) || text(stdout)}`);
}

function print(line: string, stream = Deno.stdout): void {
  stream.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const { version, isDry } = commandLine(args);
    const planned = await planRelease(version);
    if (isDry) {
      print(
        `${planned.tag} can be released: it changes ${[...planned.files.keys()].join(", ")} and docs/sbom.cdx.json`,
      );
      return 0;
    }
    await release(planned);
    print(`${planned.tag} is committed and tagged. To publish it: git push --follow-tags`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CommandError)) throw error;
    print(error.message, Deno.stderr);
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
