/** `deno task release` and `deno task release:notes` in a temporary Git repository. */
import assert from "node:assert/strict";

const tools = new URL("../../../tools/release/", import.meta.url);

const config = JSON.stringify(
  {
    name: "sample",
    version: "0.1.0",
    tasks: { sbom: 'deno eval \'Deno.writeTextFileSync("sbom.json", Deno.readTextFileSync("deno.json"))\'' },
  },
  null,
  2,
);
const changelog = `# Changelog

All changes.

## [Unreleased]

### Added

- A kill mode.

## [0.1.0] - 2026-01-02

- The first version.
`;

Deno.test("release: commits version, changelog and list of packages, and tags the commit", async () => {
  await using repository = await Repository.make();
  assert.deepEqual(await repository.release("0.2.0"), {
    code: 0,
    printed: "v0.2.0 is committed and tagged. To publish it: git push --follow-tags",
  });
  assert.equal(JSON.parse(repository.text("deno.json")).version, "0.2.0");
  assert.equal(JSON.parse(repository.text("sbom.json")).version, "0.2.0");
  const day = new Date().toISOString().slice(0, 10);
  assert.equal(
    repository.text("CHANGELOG.md"),
    changelog.replace("## [Unreleased]\n", `## [Unreleased]\n\n## [0.2.0] - ${day}\n`),
  );
  assert.equal(await repository.git("status", "--porcelain"), "");
  assert.equal(await repository.git("log", "--format=%s"), "release: set the version to 0.2.0\nbase: begin");
  assert.equal(await repository.git("rev-parse", "v0.2.0^{commit}"), await repository.git("rev-parse", "HEAD"));
  assert.equal(await repository.git("cat-file", "-t", "v0.2.0"), "tag");

  assert.deepEqual(await repository.notes("v0.2.0"), { code: 0, printed: "### Added\n\n- A kill mode." });
  const missing = 'Cannot write notes for "v0.3.0": CHANGELOG.md lists no change for it';
  assert.deepEqual(await repository.notes("v0.3.0"), { code: 2, printed: missing });
});

Deno.test("release: --dry-run changes nothing", async () => {
  await using repository = await Repository.make();
  const { code, printed } = await repository.release("v0.2.0-rc.1", "--dry-run");
  assert.equal(code, 0, printed);
  assert.match(printed, /^v0\.2\.0-rc\.1 can be released/);
  await repository.isUnchanged();
});

interface Refusal {
  readonly args?: readonly string[];
  readonly sentence: RegExp;
  /** Texts of files that are committed beforehand. */
  readonly committed?: Readonly<Record<string, string>>;
  /** Texts of files that are changed and not committed. */
  readonly changed?: Readonly<Record<string, string>>;
  readonly tag?: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  "without a version": { args: [], sentence: /^Cannot release 0 versions: expected deno task release X\.Y\.Z/ },
  "of a version without three numbers": { args: ["0.2"], sentence: /^Cannot read the version "0\.2"/ },
  "with an unknown flag": { args: ["0.2.0", "--force"], sentence: /^Cannot read the flag "--force"/ },
  "of an earlier version": { args: ["0.0.9"], sentence: /deno\.json has the later version 0\.1\.0$/ },
  "of a version in the changelog": { args: ["0.1.0"], sentence: /0\.1\.0 is released already$/ },
  "of a version before a tag": { tag: "v0.3.0", sentence: /0\.3\.0 is released already, and is later$/ },
  "of a tag that exists": { tag: "v0.2.0", sentence: /0\.2\.0 is released already$/ },
  "with changed files": {
    changed: { "new.txt": "1" },
    sentence: /the working tree has 1 changed files, such as new\.txt/,
  },
  "without an unreleased change": {
    committed: { "CHANGELOG.md": changelog.replace("- A kill mode.\n", "") },
    sentence: /CHANGELOG\.md lists no change under \[Unreleased\]$/,
  },
  "without a section for unreleased changes": {
    committed: { "CHANGELOG.md": changelog.replace("[Unreleased]", "[Next]") },
    sentence: /the first section of CHANGELOG\.md is not \[Unreleased\]$/,
  },
};

Deno.test("release: is refused with one sentence and exit code 2", async (t) => {
  await using repository = await Repository.make();
  const begin = await repository.git("rev-parse", "HEAD");
  for (const [name, { args = ["0.2.0"], sentence, committed = {}, changed = {}, tag }] of Object.entries(refusals)) {
    // The steps share one repository.
    // deno-lint-ignore no-await-in-loop
    await t.step(name, async () => {
      await repository.write(committed);
      if (Object.keys(committed).length > 0) await repository.git("commit", "--quiet", "--all", "--message", "x");
      if (tag !== undefined) await repository.git("tag", tag);
      await repository.write(changed);
      const before = await repository.git("rev-parse", "HEAD");
      const { code, printed } = await repository.release(...args);
      assert.match(printed, sentence);
      assert.equal(printed.split("\n").length, 1);
      assert.equal(code, 2);
      assert.equal(await repository.git("rev-parse", "HEAD"), before);
      if (tag !== undefined) await repository.git("tag", "--delete", tag);
      await repository.git("clean", "--quiet", "--force");
      await repository.git("reset", "--quiet", "--hard", begin);
    });
  }
});

Deno.test("release: a failure leaves the files as before and ends with exit code 1", async () => {
  await using repository = await Repository.make();
  await repository.write({ ".git/hooks/pre-commit": "#!/bin/sh\necho the hook refuses >&2\nexit 1\n" });
  await Deno.chmod(`${repository.folder}/.git/hooks/pre-commit`, 0o755);
  const { code, printed } = await repository.release("0.2.0");
  assert.match(printed, /^git commit .* failed: the hook refuses$/);
  assert.equal(code, 1);
  await repository.isUnchanged();
});

class Repository implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Repository> {
    const repository = new Repository(await Deno.makeTempDir({ prefix: "release" }));
    await repository.git("init", "--quiet");
    await repository.git("config", "user.name", "maintainer");
    await repository.git("config", "user.email", "maintainer@example.org");
    await repository.git("config", "core.hooksPath", ".git/hooks");
    await repository.write({ "deno.json": config, "CHANGELOG.md": changelog, "sbom.json": config });
    await repository.git("add", ".");
    await repository.git("commit", "--quiet", "--message", "base: begin");
    return repository;
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(`${this.folder}/${path}`, text);
  }

  text(path: string): string {
    return Deno.readTextFileSync(`${this.folder}/${path}`);
  }

  async git(...args: string[]): Promise<string> {
    const { code, printed } = await this.#run("git", args);
    assert.equal(code, 0, printed);
    return printed;
  }

  release(...args: string[]): Promise<{ code: number; printed: string }> {
    const flags = ["--allow-read", "--allow-write", `--allow-run=git,${Deno.execPath()}`, "--ignore-env"];
    return this.#run(Deno.execPath(), ["run", "--quiet", "--no-check", ...flags, path("release.ts"), ...args]);
  }

  notes(version: string): Promise<{ code: number; printed: string }> {
    return this.#run(Deno.execPath(), ["run", "--quiet", "--no-check", "--allow-read", path("notes.ts"), version]);
  }

  async isUnchanged(): Promise<void> {
    assert.equal(await this.git("status", "--porcelain"), "");
    assert.equal(await this.git("log", "--format=%s"), "base: begin");
    assert.equal(await this.git("tag"), "");
  }

  async #run(program: string, args: readonly string[]): Promise<{ code: number; printed: string }> {
    const command = new Deno.Command(program, { args: [...args], cwd: this.folder, stdin: "null" });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, printed: `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trimEnd() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function path(tool: string): string {
  return new URL(tool, tools).pathname;
}
