/**
 * The file of a recording: a path is checked before the run, the first line creates the file, and a failure is
 * reported.
 */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { OpenRecord, openRecordFile } from "../../../src/cli/fleet/record_file.ts";

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("record file: appends lines in order, for all callers", () =>
  inFolder(async (folder) => {
    const file = await openRecordFile(`${folder}/run.ndjson`);
    const large = `${"x".repeat(300_000)}\n`;
    await Promise.all([file.write("one\n"), file.write(large), file.write("two\n")]);
    assert.equal(await Deno.readTextFile(`${folder}/run.ndjson`), `one\n${large}two\n`, "before it is closed");
    void file.write("last\n");
    await file.close();
    await file.close();
    await file.write("too late\n");
    assert.equal(await Deno.readTextFile(`${folder}/run.ndjson`), `one\n${large}two\nlast\n`);
  }));

Deno.test("record file: an existing file stays until the first line arrives", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.ndjson`;
    await Deno.writeTextFile(path, "an older recording\n");
    await (await openRecordFile(path)).close();
    assert.equal(await Deno.readTextFile(path), "an older recording\n");
    const file = await openRecordFile(path);
    await file.write("new\n");
    await file.close();
    assert.equal(await Deno.readTextFile(path), "new\n");
  }));

Deno.test("record file: removes a new file that got no line", () =>
  inFolder(async (folder) => {
    await (await openRecordFile(`${folder}/run.ndjson`)).close();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("record file: refuses an unwritable path in one sentence", () =>
  inFolder(async (folder) => {
    const refused: readonly [path: string, taken: readonly string[], sentence: RegExp][] = [
      ["", [], /^Cannot write recording "": expected a file$/],
      ["-", [], /^Cannot write recording "-": expected a file$/],
      [folder, [], /^Cannot write recording ".*": it is a folder; expected a file$/],
      [`${folder}/none/run.ndjson`, [], /: there is no folder ".*\/none"; expected an existing folder$/],
      [`${folder}/a`, [`${folder}/../${folder.split("/").at(-1)}/a`], /both to ".*\/a": expected a place for each$/],
    ];
    for (const [path, taken, sentence] of refused) {
      await assert.rejects(openRecordFile(path, taken), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, sentence);
        return true;
      });
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("record file: a full disk stops the recording, not the run, and is reported at the end", async () => {
  const written: number[] = [];
  let closed = 0;
  const disk = {
    truncate: () => Promise.resolve(),
    write: (bytes: Uint8Array) => {
      written.push(bytes.length);
      // The first line arrives in two writes; the second of them fails.
      if (written.length === 3) return Promise.reject(new Error("No space left on device (os error 28)"));
      return Promise.resolve(written.length === 1 ? 1 : bytes.length);
    },
    close: () => void closed++,
  };
  const file = new OpenRecord("run.ndjson", disk, { isFile: true });
  for (const line of ["one\n", "two\n", "three\n"]) await file.write(line);
  assert.deepEqual(written, [4, 3, 4], "after a gap nothing more is written");
  await assert.rejects(file.close(), {
    name: "UsageError",
    message: 'Cannot write recording "run.ndjson": No space left on device (os error 28)',
  });
  assert.equal(closed, 1);
});
