/** The user's permissions apply on each engine: a host name does not bypass `--deny-net`. */
import assert from "node:assert/strict";
import { ChildProcess } from "../support/machine/child_process.ts";
import { ffiFlags } from "../support/brokers/granted.ts";

const root = new URL("../../", import.meta.url);
const engines = ffiFlags.length > 0 ? ["epoll", "deno"] : ["deno"];

/** Runs mqtt-sim to its end, with network permission for all addresses except one. */
async function withoutPlace(
  place: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly said: string }> {
  const permissions = [
    "--no-prompt",
    "--allow-net",
    `--deny-net=${place}`,
    "--allow-read",
    "--ignore-env",
    ...ffiFlags,
  ];
  const run = ["run", "--quiet", ...permissions, "cli.ts", ...args];
  await using program = new ChildProcess(Deno.execPath(), run, { cwd: root });
  const { code } = await program.exit(30_000);
  assert.doesNotMatch(program.said, /\.ts:\d+|fault of its own/);
  return { code, said: program.said };
}

/** A listener that records the address of each peer. */
class Place implements Disposable {
  readonly peers: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor() {
    void this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const link of this.#listener) {
      this.peers.push(link.remoteAddr.hostname);
      link.close();
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

for (const engine of engines) {
  Deno.test(`F32: a host name does not permit a link to a denied address (engine ${engine})`, async () => {
    using place = new Place();
    const denied = `127.0.0.1:${place.port}`;
    const args = ["check", "--url", `mqtt://localhost:${place.port}`, "--engine", engine];
    const { code, said } = await withoutPlace(denied, ...args);
    assert.match(said, new RegExp(`Requires net access to "${denied}"`));
    assert.notEqual(code, 0);
    assert.deepEqual(place.peers, []);
  });

  Deno.test(`F32: a host name does not permit a listener on a denied address (engine ${engine})`, async () => {
    // The port is in use, so that a broker that is permitted to listen also ends, with a different sentence.
    using place = new Place();
    const denied = `127.0.0.1:${place.port}`;
    const args = ["broker", "--host", "localhost", "--port", String(place.port), "--engine", engine];
    const { code, said } = await withoutPlace(denied, ...args);
    assert.match(said, new RegExp(`^  \\| Cannot listen on .*: Requires net access to "${denied}"`));
    assert.equal(code, 2);
  });

  Deno.test(`F32: a denied source address permits no link (engine ${engine})`, async () => {
    using place = new Place();
    const args = ["fleet", "--url", `mqtt://127.0.0.1:${place.port}`, "--source-address", "127.0.0.9"];
    const { code, said } = await withoutPlace("127.0.0.9", ...args, "--clients", "1", "--engine", engine);
    assert.match(said, /Requires net access to "127\.0\.0\.9:0"/);
    assert.notEqual(code, 0);
    assert.ok(!place.peers.includes("127.0.0.9"), place.peers.join());
  });
}
