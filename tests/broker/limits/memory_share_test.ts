/** The default of `--max-memory`. */
import assert from "node:assert/strict";
import v8 from "node:v8";
import { memoryShare } from "../../../src/broker/limits/memory_share.ts";

const mebibyte = 1024 * 1024;
const halfHeap = v8.getHeapStatistics().heap_size_limit / 2 / mebibyte;

const files = (texts: Readonly<Record<string, string>>) => (path: string) => {
  if (texts[path] === undefined) throw new Deno.errors.NotFound(path);
  return texts[path];
};

const cases: readonly (readonly [name: string, texts: Readonly<Record<string, string>>, mebibytes: number])[] = [
  ["a quarter of the machine", { "/proc/meminfo": "MemTotal:     1048576 kB\n" }, 256],
  ["a quarter of the container", {
    "/proc/meminfo": "MemTotal:     1048576 kB\n",
    "/sys/fs/cgroup/memory.max": `${512 * mebibyte}\n`,
  }, 128],
  ["a container without a limit", {
    "/proc/meminfo": "MemTotal:     1048576 kB\n",
    "/sys/fs/cgroup/memory.max": "max\n",
  }, 256],
  ["a container of version 1", { "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${400 * mebibyte}\n` }, 100],
  ["nothing known", {}, 1_024],
  ["no more than half the heap", { "/proc/meminfo": `MemTotal: ${64 * 1024 * 1024} kB\n` }, Infinity],
];
for (const [name, texts, mebibytes] of cases) {
  Deno.test(`memory share: ${name}`, () => {
    assert.equal(memoryShare(files(texts)), Math.floor(Math.min(mebibytes, halfHeap)) * mebibyte);
  });
}
