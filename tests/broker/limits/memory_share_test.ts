/** The default of `--max-memory`. */
import assert from "node:assert/strict";
import v8 from "node:v8";
import { memoryShare } from "../../../src/broker/limits/memory_share.ts";
import { machineMemoryBytes } from "../../../src/net/machine_memory.ts";
import { ffiFlags } from "../../support/brokers/granted.ts";

const mebibyte = 1024 * 1024;
const halfHeap = v8.getHeapStatistics().heap_size_limit / 2 / mebibyte;

const files = (texts: Readonly<Record<string, string>>) => (path: string) => {
  if (texts[path] === undefined) throw new Deno.errors.NotFound(path);
  return texts[path];
};

interface Case {
  readonly name: string;
  readonly machineMebibytes?: number;
  readonly texts?: Readonly<Record<string, string>>;
  readonly mebibytes: number;
}

const cases: readonly Case[] = [
  { name: "a quarter of the machine", machineMebibytes: 1_024, mebibytes: 256 },
  {
    name: "a quarter of the container",
    machineMebibytes: 1_024,
    texts: { "/sys/fs/cgroup/memory.max": `${512 * mebibyte}\n` },
    mebibytes: 128,
  },
  {
    name: "a container without a limit",
    machineMebibytes: 1_024,
    texts: { "/sys/fs/cgroup/memory.max": "max\n" },
    mebibytes: 256,
  },
  {
    name: "a container of version 1",
    texts: { "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${400 * mebibyte}\n` },
    mebibytes: 100,
  },
  { name: "nothing known", mebibytes: 1_024 },
  { name: "no more than half the heap", machineMebibytes: 64 * 1_024, mebibytes: Infinity },
];
for (const { name, machineMebibytes, texts = {}, mebibytes } of cases) {
  Deno.test(`memory share: ${name}`, () => {
    const machine = machineMebibytes === undefined ? undefined : machineMebibytes * mebibyte;
    assert.equal(memoryShare(files(texts), () => machine), Math.floor(Math.min(mebibytes, halfHeap)) * mebibyte);
  });
}

Deno.test({
  name: "memory share: the default is a share of this machine's memory when foreign calls are permitted",
  ignore: ffiFlags.length === 0 || Deno.build.os !== "linux",
  fn: () => {
    const quarter = machineMemoryBytes()! / 4 / mebibyte;
    assert.equal(memoryShare(files({})), Math.floor(Math.min(quarter, halfHeap)) * mebibyte);
  },
});
