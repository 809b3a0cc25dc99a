/** The cases that restart the broker: our broker passes them; brokers that lose or repeat wills fail them. */
import assert from "node:assert/strict";
import type { Core } from "../../../src/broker/core/core.ts";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import { willRestartCases } from "../../../src/conformance/cases/will_restart.ts";
import type { ConnectWill } from "../../../src/mqtt/packet.ts";
import { messageOfWill } from "../../../src/mqtt/message.ts";
import { checkInMemory } from "../../support/brokers/checked_broker.ts";
import { restarted } from "../../support/brokers/restarted_broker.ts";

interface Trial {
  readonly keeps?: boolean;
  readonly options?: CoreOptions;
  /** Publishes, after a restart, every will that the broker ever had. */
  readonly repeats?: boolean;
}

/** The outcome of each case. */
async function outcomes({ keeps = true, options = {}, repeats = false }: Trial): Promise<Record<string, string[]>> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-check-" });
  const wills = new Set<ConnectWill>();
  const onEvent: CoreOptions["onEvent"] = (event) => {
    if (event.type === "will-armed") wills.add(event.will);
  };
  const afterwards = (core: Core, nowMs: number) => {
    for (const will of repeats ? wills : []) {
      core.router.publish(messageOfWill(will, nowMs), { clientId: "", owner: undefined }, nowMs);
    }
  };
  const { maker, restart } = restarted(keeps ? `${folder}/store.db` : undefined, { ...options, onEvent }, afterwards);
  try {
    const { cases } = await checkInMemory(maker, { cases: willRestartCases, login: {} }, { restart });
    const found: Record<string, string[]> = {};
    for (const { id, outcome, reason, fault } of cases) {
      if (/ came 0 times, not once/.test(reason ?? "")) assert.equal(fault?.kind, "missing", id);
      (found[id] ??= []).push(`${outcome}${reason === undefined ? "" : `: ${reason}`}`);
    }
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("restart: our broker passes, with its store", async () => {
  const found = await outcomes({});
  assert.deepEqual(Object.keys(found), willRestartCases.map(({ id }) => id));
  assert.ok(Object.values(found).flat().every((outcome) => outcome === "pass"), JSON.stringify(found));
});

Deno.test("restart: check detects a broker that keeps sessions and loses wills", async () => {
  const losing = { atPublication: ({ will }: { will: ConnectWill }) => /c[12]\//.test(will.topic) ? undefined : [] };
  const found = await outcomes({ options: { willFault: losing } });
  for (const id of ["will/restart-living", "will/restart-delayed"]) {
    for (const outcome of found[id]!) assert.match(outcome, /^fail: the will came 0 times, not once/, id);
  }
});

Deno.test("F5: a watcher whose session the broker lost at its restart proves nothing", async () => {
  const found = await outcomes({ keeps: false, options: { onShutdown: "keep" } });
  for (const id of ["living", "delayed", "left", "sent", "resumed"].map((name) => `will/restart-${name}`)) {
    for (const outcome of found[id]!) assert.match(outcome, /^not testable: the broker keeps no session over/, id);
  }
});

Deno.test("F5: a will before the restart counts, also when the watcher's session is lost", async () => {
  const found = await outcomes({ keeps: false });
  for (const outcome of found["will/restart-living"]!) assert.equal(outcome, "pass");
});

Deno.test("restart: check detects a broker that publishes cancelled wills", async () => {
  const found = await outcomes({ repeats: true });
  for (const id of willRestartCases.map((one) => one.id)) {
    for (const outcome of found[id]!) assert.match(outcome, /^fail: the will came \d (times|more times)/, id);
  }
});
