import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { SeededFault } from "../../../src/broker/fault/seeded_fault.ts";
import { startMonitor } from "../../../src/broker/monitor/monitor.ts";
import { aWill, Stage } from "../stage.ts";
import { build, monitored, startedAt } from "./monitored.ts";

/** A stage whose clock began at `startedAt`. */
function stageOf(willFault?: SeededFault): Stage {
  const stage: Stage = new Stage({
    wallNowMs: () => Date.parse(startedAt) + stage.nowMs,
    ...(willFault !== undefined && { willFault }),
  });
  return stage;
}

async function seen(stage: Stage, look: (url: string) => Promise<void>): Promise<void> {
  const monitor = await startMonitor(monitored(stage), { host: "127.0.0.1", port: 0, build });
  try {
    await look(monitor.url);
  } finally {
    await monitor.stop();
  }
}

const textOf = async (url: string) => await (await fetch(url)).text();
const jsonOf = async (url: string) => await (await fetch(url)).json();

Deno.test("monitor: /metrics is valid Prometheus text with current values", async () => {
  const stage = stageOf();
  await seen(stage, async (url) => {
    assert.ok(
      (await textOf(`${url}/metrics`)).includes('mqtt_sim_broker_wills_published_total{ending="link-end"} 0\n'),
    );
    stage.connect({ clientId: "a", will: aWill() }).die();
    const text = await textOf(`${url}/metrics`);
    for (const line of ['wills_published_total{ending="link-end"} 1', "wills_armed_total 1", "fault_active 0"]) {
      assert.ok(text.includes(`mqtt_sim_broker_${line}\n`), line);
    }
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    assert.ok(names.length > 30);
    for (const [, name = "", type] of names) {
      assert.equal(/^mqtt_sim_broker_[a-z_]+_total$/.test(name), type === "counter", name);
    }
  });
});

Deno.test("monitor: answers /healthz, and answers unknown paths with a sentence", async () => {
  await seen(stageOf(), async (url) => {
    assert.deepEqual([await textOf(`${url}/healthz`), (await fetch(`${url}/healthz`, { method: "HEAD" })).status], [
      "ok\n",
      200,
    ]);
    const [lost, post] = [await fetch(`${url}/`), await fetch(`${url}/status`, { method: "POST" })];
    assert.deepEqual([lost.status, post.status], [404, 405]);
    assert.match(await lost.text(), /\/metrics, \/healthz or \/status/);
    await post.body!.cancel();
    for (const query of ["limit=0", "limit=1001", "limit=x", "offset=-1", "filter=dead"]) {
      const response = await fetch(`${url}/status?${query}`);
      assert.deepEqual([response.status, /: expected /.test(await response.text())], [400, true], query);
    }
  });
});

Deno.test("monitor: /status lists online clients, and armed and delayed wills with their times", async () => {
  const stage = stageOf();
  const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };
  const delayed = stage.connect({ ...lasting, clientId: "delayed", will: aWill({ delayIntervalS: 10 }) });
  stage.advance(1_000);
  delayed.die();
  stage.connect({ clientId: "armed", version: 4, will: aWill({ topic: "t/armed", qos: 0, retain: true }) });
  stage.advance(2_000);
  await seen(stage, async (url) => {
    const { clients, total, wills } = await jsonOf(`${url}/status`);
    assert.equal(total, 2);
    const queued = { messages: 0, bytes: 0 };
    const at = (s: number) => `2026-01-01T00:00:${String(s).padStart(2, "0")}.000Z`;
    const will = {
      state: "delayed",
      topic: "will",
      qos: 1,
      retain: false,
      since: at(1),
      due: at(11),
      ending: "link-end",
    };
    assert.deepEqual(clients[0], {
      clientId: "delayed",
      online: false,
      sessionEnds: "2026-01-01T00:01:01.000Z",
      will,
      queued,
    });
    assert.deepEqual(clients[1], {
      clientId: "armed",
      online: true,
      peer: clients[1].peer,
      version: "3.1.1",
      since: at(1),
      will: { state: "armed", topic: "t/armed", qos: 0, retain: true, since: at(1) },
      queued,
    });
    assert.deepEqual({ armed: wills.armed, held: wills.held, delayed: wills.delayed }, {
      armed: 2,
      held: 2,
      delayed: 1,
    });
    for (const [filter, clientId] of [["online", "armed"], ["armed", "armed"], ["delayed", "delayed"]] as const) {
      const page = await jsonOf(`${url}/status?filter=${filter}`);
      assert.deepEqual({ total: page.total, clientId: page.clients[0].clientId }, { total: 1, clientId }, filter);
    }
    const second = await jsonOf(`${url}/status?offset=1&limit=1`);
    assert.deepEqual({ total: second.total, clients: second.clients.length, clientId: second.clients[0].clientId }, {
      total: 2,
      clients: 1,
      clientId: "armed",
    });
  });
});

Deno.test("monitor: each page shows the active fault mix of the broker", async () => {
  const stage = stageOf(new SeededFault({ shares: [{ kind: "lose", fraction: 1, timeMs: 0 }], seed: 7 }));
  stage.connect({ clientId: "a", will: aWill() }).die();
  await seen(stage, async (url) => {
    const text = await textOf(`${url}/metrics`);
    assert.ok(
      text.includes("mqtt_sim_broker_fault_active 1\n") &&
        text.includes('mqtt_sim_broker_will_faults_total{kind="lose"} 1\n'),
    );
    assert.equal((await jsonOf(`${url}/status`)).fault, "lose=100%, seed 7");
  });
});

Deno.test("monitor: refuses a port in use as a usage error", async () => {
  await seen(stageOf(), async (url) => {
    const port = Number(new URL(url).port);
    await assert.rejects(startMonitor({} as never, { host: "127.0.0.1", port, build }), UsageError);
  });
});
