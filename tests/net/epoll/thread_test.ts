/** Threads of the epoll engine that are torn down without a word. */
import assert from "node:assert/strict";
import { testedEngines, withinLimit } from "../loopback.ts";

const works = testedEngines.some(({ name }) => name === "epoll");
const name = "epoll: threads that are torn down while they wait take nothing with them";

async function tearDown(): Promise<number> {
  const worker = new Worker(new URL("./waiting_thread.ts", import.meta.url), { type: "module" });
  const port = await new Promise<number>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
  // It is left to wait: what happens to its descriptors from now on wakes a thread of the runtime's alone.
  await new Promise((resolve) => setTimeout(resolve, 20));
  worker.terminate();
  return port;
}

Deno.test({ name, ignore: !works, fn: () => withinLimit(run, 120_000) });

async function run(): Promise<void> {
  for (let thread = 0; thread < 4; thread++) {
    const port = await tearDown();
    // The descriptors outlive the thread: this wakes its last wait, whose memory must be there still.
    using peer = await Deno.connect({ hostname: "127.0.0.1", port });
    assert.equal(await peer.write(new Uint8Array(100)), 100);
  }
  // Their waits are over within a second each, and memory that was handed out again since is whole.
  const held = Array.from({ length: 1_000 }, (_, at) => new Uint8Array(64).fill(at & 0xff));
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.ok(held.every((bytes, at) => bytes.every((byte) => byte === (at & 0xff))));
}
