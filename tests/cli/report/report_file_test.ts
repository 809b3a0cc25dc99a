import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { openReportFile } from "../../../src/cli/report/report_file.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();

Deno.test("report file: a new file appears when it is complete, and not before", () =>
  inFolder(async (folder) => {
    const file = await openReportFile(`${folder}/run.json`);
    assert.ok(!namesIn(folder).includes("run.json"));
    await file.write("{}\n");
    assert.deepEqual(namesIn(folder), ["run.json"]);
    assert.equal(await Deno.readTextFile(`${folder}/run.json`), "{}\n");
  }));

Deno.test("report file: an existing file stays until the new one is complete", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/run.json`, "old and rather long");
    const file = await openReportFile(`${folder}/run.json`);
    assert.equal(await Deno.readTextFile(`${folder}/run.json`), "old and rather long");
    await file.write("new");
    assert.equal(await Deno.readTextFile(`${folder}/run.json`), "new");
  }));

Deno.test("report file: a report that is not written changes no file", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/old.json`, "old");
    await (await openReportFile(`${folder}/old.json`)).discard();
    await (await openReportFile(`${folder}/new.json`)).discard();
    assert.deepEqual(namesIn(folder), ["old.json"]);
    assert.equal(await Deno.readTextFile(`${folder}/old.json`), "old");
  }));

Deno.test(
  "report file: follows a link and does not replace it",
  { ignore: Deno.build.os === "windows" },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/real.json`, "old");
      await Deno.symlink(`${folder}/real.json`, `${folder}/link.json`);
      await (await openReportFile(`${folder}/link.json`)).write("new");
      assert.ok((await Deno.lstat(`${folder}/link.json`)).isSymlink);
      assert.equal(await Deno.readTextFile(`${folder}/real.json`), "new");
    }),
);

Deno.test(
  "report file: writes to a device and does not replace it",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await (await openReportFile("/dev/null")).write("{}");
    assert.ok((await Deno.stat("/dev/null")).isCharDevice);
  },
);

Deno.test("report file: reports an unwritable path before any run", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const sentences = {
      [folder]: "it is a folder; expected a file",
      [`${folder}/none/run.json`]: `there is no folder "${folder}/none"; expected an existing folder`,
      [`${folder}/file/run.json`]: `"${folder}/file" is not a folder; expected a folder`,
    };
    for (const [path, fault] of Object.entries(sentences)) {
      const message = `Cannot write report "${path}": ${fault}`;
      await assert.rejects(openReportFile(path), (error) => {
        assert.ok(error instanceof UsageError);
        assert.equal(error.message, message);
        return true;
      });
    }
    assert.deepEqual(namesIn(folder), ["file"]);
  }));

Deno.test("report file: a file that disappears during the run is one sentence", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/sub`);
    const file = await openReportFile(`${folder}/sub/run.json`);
    await Deno.remove(`${folder}/sub`, { recursive: true });
    await assert.rejects(file.write("{}"), UsageError);
  }));
