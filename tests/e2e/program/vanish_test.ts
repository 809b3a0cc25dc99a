/**
 * Kill mode vanish with the real nftables: a raw socket whose packets a rule of the test drops sees the same as the
 * fleet, and no rule remains after a run, even if SIGKILL ends it.
 */
import assert from "node:assert/strict";
import {
  type BrokerPeer,
  mosquitto,
  nft,
  peerTest,
  startMosquitto,
  startOurBroker,
  startOurs,
} from "../../support/brokers/peers.ts";
import type { ChildProcess } from "../../support/machine/child_process.ts";
import { RawSocket, subscribeBytes } from "../../support/clients/raw_mqtt.ts";

const keepAliveS = 2;

async function nftables(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(nft.program, { args: [...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Milliseconds from the cut to the will of a raw socket; undefined without a will. */
async function rawVanish(port: number): Promise<number | undefined> {
  const watcher = await RawSocket.open(port);
  await watcher.connect({ version: 4, clientId: "raw-w", clean: true, keepAliveS: 60 });
  watcher.send(subscribeBytes(4, "raw/v"));
  await watcher.next();
  const raw = await RawSocket.open(port);
  await raw.connect({ version: 4, clientId: "raw-v", clean: true, keepAliveS, willTopic: "raw/v" });
  const table = `test_${raw.socket.localPort}`;
  const hook = "{ type filter hook output priority 0; }";
  const ends = (from: string, to: string) => `tcp sport ${from} tcp dport ${to}`;
  const [own, theirs] = [String(raw.socket.localPort), String(port)];
  await nftables(
    `add table inet ${table}; add chain inet ${table} o ${hook}; ` +
      `add rule inet ${table} o ${ends(own, theirs)} drop; add rule inet ${table} o ${ends(theirs, own)} drop`,
  );
  const fromMs = performance.now();
  const timer = setTimeout(() => watcher.socket.destroy(), 11_000);
  try {
    await watcher.next();
    return performance.now() - fromMs;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    raw.socket.destroy();
    watcher.socket.destroy();
    await nftables("delete", "table", "inet", table);
  }
}

interface Counts {
  readonly expected: number;
  readonly onTime: number;
  readonly late: number;
  readonly missing: number;
}

function fleetArgs(broker: BrokerPeer, rest: readonly string[], duration = "1s"): string[] {
  const size = ["--clients", "30", "--kill-rate", "10/s", "--duration", duration, "--reconnect-after", "never"];
  const mode = ["--kill-mode", "vanish", "--keepalive", `${keepAliveS}s`, "--seed", "3"];
  return ["fleet", "--url", broker.url, ...size, ...mode, ...rest];
}

async function fleetVanish(broker: BrokerPeer): Promise<Counts> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  await using run = startOurs(fleetArgs(broker, ["--report", path]));
  await run.exit(60_000);
  const report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  return report.kills.byMode.vanish;
}

/** The tables of a run. */
async function tablesOf({ pid }: ChildProcess): Promise<string> {
  const tables = await nftables("list", "tables");
  return tables.split("\n").filter((line) => line.includes(`mqtt_sim_${pid}_`)).join();
}

peerTest(
  "vanish: the fleet and a raw socket observe the same on two brokers, and no rule remains",
  [mosquitto, nft],
  async () => {
    await using ours = await startOurBroker();
    await using theirs = await startMosquitto();
    await Promise.all([ours, theirs].map(async (broker) => {
      const [afterMs, counts] = await Promise.all([rawVanish(broker.port), fleetVanish(broker)]);
      const seen = JSON.stringify({ afterMs, ...counts });
      assert.ok(counts.expected >= 5, seen);
      assert.equal(counts.missing, 0, seen);
      assert.ok(afterMs !== undefined, "the raw socket's will is missing");
      // The embedded broker checks keep alive to the millisecond, mosquitto every 5 s.
      if (broker === ours) {
        assert.ok(afterMs > 2_800 && afterMs < 4_000, seen);
        assert.equal(counts.onTime, counts.expected, seen);
      }
    }));
    // A run that SIGKILL ends leaves no rule either.
    await using run = startOurs(fleetArgs(ours, [], "60s"));
    const since = performance.now();
    while (await tablesOf(run) === "") {
      assert.ok(performance.now() - since < 20_000, "the run has made no table");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    run.kill("SIGKILL");
    for (let look = 0; await tablesOf(run) !== ""; look++) {
      assert.ok(look < 50, "the table outlives its run");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
  90_000,
);

peerTest("vanish: a run without the privilege ends with exit code 2 before any client connects", [nft], async () => {
  await using broker = await startOurBroker();
  const args = fleetArgs(broker, []);
  const root = new URL("../../../", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command("setpriv", {
    args: [
      "--bounding-set",
      "-net_admin",
      "--inh-caps",
      "-net_admin",
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      "cli.ts",
      ...args,
    ],
    cwd: root,
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 2, text);
  assert.match(text, /^Cannot use kill mode vanish, .*expected Linux, the program nft and root \(CAP_NET_ADMIN\)/);
  assert.equal(new TextDecoder().decode(stdout), "");
}, 60_000);
