/** Threads of the epoll engine that the program terminates without a clean end. */
import assert from "node:assert/strict";
import { testedEngines, withinLimit } from "../loopback.ts";

const works = testedEngines.some(({ name }) => name === "epoll");
const name = "epoll: a thread that is terminated while it waits corrupts no memory";

async function tearDown(): Promise<number> {
  const worker = new Worker(new URL("./waiting_thread.ts", import.meta.url), { type: "module" });
  const port = await new Promise<number>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
  // The engine's thread waits in epoll; events on its descriptors wake only a thread of the runtime.
  await new Promise((resolve) => setTimeout(resolve, 20));
  worker.terminate();
  return port;
}

Deno.test({ name, ignore: !works, fn: () => withinLimit(run, 120_000) });

async function run(): Promise<void> {
  for (let thread = 0; thread < 4; thread++) {
    const port = await tearDown();
    // The descriptors outlive the thread: this event ends its last wait, whose buffer must still be allocated.
    using peer = await Deno.connect({ hostname: "127.0.0.1", port });
    assert.equal(await peer.write(new Uint8Array(100)), 100);
  }
  // Each wait ends within one second, and newly allocated memory stays intact.
  const held = Array.from({ length: 1_000 }, (_, at) => new Uint8Array(64).fill(at & 0xff));
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.ok(held.every((bytes, at) => bytes.every((byte) => byte === (at & 0xff))));
}
