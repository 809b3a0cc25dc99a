/**
 * Fleets through real proxies: tinyproxy (CONNECT), microsocks (SOCKS 5), and HAProxy in front of our own broker, to
 * which it sends the PROXY protocol.
 */
import assert from "node:assert/strict";
import { Broker } from "../../../src/broker/broker.ts";
import type { Report } from "../../../src/report/model/report.ts";
import { find, mosquitto, peerTest, startMosquitto, startOurs } from "../../support/brokers/peers.ts";
import { ChildProcess } from "../../support/machine/child_process.ts";
import { freePort } from "../../support/machine/free_port.ts";

const tinyproxy = await find(["tinyproxy"], ["-v"], "apt-get install tinyproxy-bin", 0);
const microsocks = await find(["microsocks"], ["-?"], "apt-get install microsocks");
const haproxy = await find(["haproxy", "/usr/sbin/haproxy"], ["-v"], "apt-get install haproxy", 0);

/** A fleet whose clients all leave their wills at the end of TCP connections. */
async function fleetOf(folder: string, name: string, flags: readonly string[]): Promise<Report> {
  const path = `${folder}/${name}.json`;
  const run = ["--clients", "20", "--kill-rate", "15/s", "--duration", "1500ms", "--kill-mode", "reset,close"];
  const more = ["--skip-broker-counters", "--drain", "3s", "--report", path];
  await using fleet = startOurs(["fleet", ...flags, ...run, ...more]);
  const { code } = await fleet.exit(45_000);
  const text = await Deno.readTextFile(path);
  const report: Report = JSON.parse(text);
  assert.equal(code, 0, `${name}: ${report.reason} ${fleet.said}`);
  const { expected, onTime } = report.wills;
  assert.ok(expected >= 15 && onTime === expected, `${name}: ${onTime} of ${expected}`);
  assert.ok(!text.includes("pr0xy-word") && !fleet.said.includes("pr0xy-word"), `${name} shows no password`);
  return report;
}

/** Waits until a program listens on a port. */
async function listens(port: number, child: ChildProcess): Promise<void> {
  for (let left = 100; left > 0; left--) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing listens on port ${port}: ${child.said}`);
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-proxies" });
  await use(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

peerTest(
  "proxies: fleets through tinyproxy and microsocks, each with a login",
  [mosquitto, tinyproxy, microsocks],
  () =>
    inFolder(async (folder) => {
      const [httpPort, socksPort] = [freePort(), freePort()];
      await using broker = await startMosquitto();
      const lines = [`Port ${httpPort}`, "Listen 127.0.0.1", "Timeout 60", "MaxClients 100", "LogLevel Connect"];
      const rules = ["BasicAuth user pr0xy-word", `ConnectPort ${broker.port}`, `LogFile "${folder}/tinyproxy.log"`];
      await Deno.writeTextFile(`${folder}/tinyproxy.conf`, [...lines, ...rules, ""].join("\n"));
      await using http = new ChildProcess(tinyproxy.program, ["-d", "-c", `${folder}/tinyproxy.conf`]);
      const login = ["-u", "user", "-P", "pr0xy-word"];
      await using socks = new ChildProcess(microsocks.program, ["-i", "127.0.0.1", "-p", `${socksPort}`, ...login]);
      await Promise.all([listens(httpPort, http), listens(socksPort, socks)]);
      const through = (scheme: string, port: number) => {
        const proxy = `${scheme}://user:pr0xy-word@127.0.0.1:${port}`;
        return fleetOf(folder, scheme, ["--url", broker.url, "--proxy", proxy]);
      };
      await Promise.all([through("http", httpPort), through("socks5", socksPort)]);
      const log = await Deno.readTextFile(`${folder}/tinyproxy.log`);
      assert.ok(log.split(`CONNECT 127.0.0.1:${broker.port} `).length > 35, "each connection went through tinyproxy");
      const passed = socks.lines.filter((line) => line.includes(`connected to 127.0.0.1:${broker.port}`)).length;
      assert.ok(passed > 35, `${passed} connections went through microsocks`);
    }),
);

peerTest(
  "proxies: HAProxy sends the PROXY protocol, versions 1 and 2, and the broker has the addresses of the clients",
  [haproxy],
  () =>
    inFolder(async (folder) => {
      const peers = new Set<string>();
      await using broker = await Broker.start({
        proxyProtocol: true,
        onEvent: (event) => {
          if (event.type === "connected") peers.add(event.peer.replace(/:\d+$/, ""));
        },
      });
      const ports = [freePort(), freePort()];
      const lines = ["defaults", "  mode tcp", "  timeout connect 5s", "  timeout client 60s", "  timeout server 60s"];
      const proxies = ["send-proxy", "send-proxy-v2"].flatMap((header, place) => [
        ...[`listen ${header}`, `  bind 127.0.0.1:${ports[place]}`],
        `  server sim 127.0.0.1:${broker.port} ${header} check inter 200ms`,
      ]);
      await Deno.writeTextFile(`${folder}/haproxy.cfg`, [...lines, ...proxies, ""].join("\n"));
      await using proxy = new ChildProcess(haproxy.program, ["-db", "-f", `${folder}/haproxy.cfg`]);
      await Promise.all(ports.map((port) => listens(port, proxy)));
      const nodes = ports.flatMap((port, place) => ["--node", `v${place + 1}=mqtt://127.0.0.1:${port}`]);
      const { byNode } = await fleetOf(folder, "haproxy", [...nodes, "--source-address", "127.0.0.2-127.0.0.3"]);
      for (const { from, at, due, seen } of byNode!) assert.ok(due > 0 && seen === due, `${from} to ${at}: ${seen}`);
      assert.deepEqual([...peers].sort(), ["127.0.0.2", "127.0.0.3"], "and never that of HAProxy");
      const refused = broker.metrics().connections;
      assert.ok(refused.accepted > 40, JSON.stringify(refused));
    }),
);
