/** Unix sockets: permissions, and what a plan cannot request of one. tests/e2e has them on a real broker. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { checkRoute } from "../../src/fleet/preflight/check_route.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { canResetOver, dial } from "../../src/net/dial.ts";
import { listen } from "../../src/net/listen.ts";
import { mayUsePath } from "../../src/net/net_permission.ts";
import { checkMachine } from "../../src/fleet/preflight/preflight.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { LinkProbe } from "../support/clients/link_probe.ts";
import { testedEngines } from "./loopback.ts";

for (const { name: engine } of testedEngines) {
  // The runtime permits single paths alone, so that this test has no permission; the test on mosquitto has.
  Deno.test(`unix: without permission the link ends with one sentence (engine ${engine})`, async () => {
    const probe = LinkProbe.by((receiver) => dial(parseEndpoint("unix:///run/no.sock"), { engine }, receiver));
    assert.ok(await probe.until(({ end }) => end !== undefined));
    const why =
      'net, read and write access to "unix:/run/no.sock", run again with --allow-net, --allow-read and --allow-write';
    assert.deepEqual(probe.end, { kind: "error", code: "EPERM", message: `Requires ${why}` });
  });
}

Deno.test("unix: without permission no broker listens on a path, and one sentence says which it needs", async () => {
  const listening = listen(parseEndpoint("unix:///run/no.sock"), {}, { accept() {}, refused() {} });
  await assert.rejects(
    listening,
    /^UsageError: Cannot listen on unix:\/\/\/run\/no\.sock: Requires net, read and write access/,
  );
});

for (const missing of ["net", "read", "write"]) {
  Deno.test(`unix: a path without the permission ${missing} may not be used`, () => {
    const { querySync } = Deno.permissions;
    const asked: unknown[] = [];
    const state = (name: string) => ({ state: name === missing ? "prompt" : "granted" } as Deno.PermissionStatus);
    Deno.permissions.querySync = (descriptor) => {
      asked.push(descriptor);
      return state(descriptor.name);
    };
    try {
      const path = `/run/without-${missing}.sock`;
      assert.equal(mayUsePath(path), false);
      assert.deepEqual(asked[0], { name: "net", host: `unix:${path}` });
      assert.deepEqual(asked.at(-1), missing === "net" ? asked[0] : { name: missing, path });
    } finally {
      Deno.permissions.querySync = querySync;
    }
  });
}

Deno.test("unix: the source ports of this machine limit no connection to a Unix socket", () => {
  const plan = makePlan({ run: "r", seed: 1, clients: 20, sourcePorts: 10 });
  const run = (url: string) => ({ plan, target: parseEndpoint(url), brokerInProcess: false });
  assert.throws(
    () => checkMachine(run("mqtt://127.0.0.1"), () => {}),
    /^UsageError: Cannot open \d+ connections from one/,
  );
  checkMachine(run("unix:///run/s"), () => {});
});

Deno.test("unix: has no reset; TLS and TCP have", () => {
  const can = ["unix:///s", "mqtt://h", "mqtts://h", "ws://h", "wss://h"].map((url) =>
    canResetOver(parseEndpoint(url))
  );
  assert.deepEqual(can, [false, true, true, true, true]);
});

Deno.test("unix: a plan with source addresses, source ports or vanish, is refused in one sentence", () => {
  const target = parseEndpoint("unix:///run/s");
  const plan = makePlan({ run: "r", seed: 1 });
  checkRoute({ plan, target });
  const addresses = makePlan({ run: "r", seed: 1, sourceAddresses: ["127.0.0.2"] });
  assert.throws(
    () => checkRoute({ plan: addresses, target }),
    new UsageError("Cannot use --source-address with unix:///run/s: a Unix socket has no addresses"),
  );
  const ports = makePlan({ run: "r", seed: 1, sourcePorts: 100 });
  assert.throws(
    () => checkRoute({ plan: ports, target }),
    new UsageError("Cannot use --source-ports with unix:///run/s: a Unix socket has no ports"),
  );
  const vanish = makePlan({ run: "r", seed: 1, killShares: [{ mode: "vanish", weight: 1 }] });
  assert.throws(() => checkRoute({ plan: vanish, target }), /^UsageError: Cannot use kill mode vanish with unix:/);
  const tcp = parseEndpoint("mqtt://h");
  assert.throws(() => checkRoute({ plan: vanish, target: tcp, nodes: [tcp, target] }), UsageError);
  checkRoute({ plan: vanish, target: tcp });
});

Deno.test("proxy: a plan with vanish is refused in one sentence, a plan without it is not", () => {
  const target = parseEndpoint("mqtt://h");
  checkRoute({ plan: makePlan({ run: "r", seed: 1, proxy: "http://p:1" }), target });
  const vanish = makePlan({ run: "r", seed: 1, proxy: "http://p:1", killShares: [{ mode: "vanish", weight: 1 }] });
  assert.throws(() => checkRoute({ plan: vanish, target }), /^UsageError: Cannot use kill mode vanish with --proxy: /);
});
