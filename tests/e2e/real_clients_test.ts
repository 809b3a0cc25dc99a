/**
 * `mqtt-sim broker` serves real clients and handles their wills correctly. The same tests run on mosquitto: a failure
 * there too would be a fault of the test.
 */
import assert from "node:assert/strict";
import type { ProtocolVersion, QoS } from "../../src/mqtt/packet.ts";
import {
  type BrokerPeer,
  mosquitto,
  type Peer,
  peerTest,
  startMosquitto,
  startOurBroker,
} from "../support/brokers/peers.ts";
import {
  type ClientKind,
  clientKinds,
  type PeerMessage,
  type PeerWill,
  publish,
  RealClient,
} from "../support/clients/real_clients.ts";

interface Scene {
  readonly broker: BrokerPeer;
  readonly kind: ClientKind;
  readonly version: ProtocolVersion;
}

const brokers: readonly { name: string; needs: readonly Peer[]; start(): Promise<BrokerPeer> }[] = [
  { name: "mqtt-sim broker", needs: [], start: startOurBroker },
  { name: "mosquitto", needs: [mosquitto], start: startMosquitto },
];
const qualities: readonly QoS[] = [0, 1, 2];

const cases: readonly [name: string, versions: readonly ProtocolVersion[], test: (scene: Scene) => Promise<void>][] = [
  ["QoS 0, 1 and 2, both ways", [4, 5], deliversEveryQoS],
  ["retained messages are kept, replaced and cleared", [4, 5], retains],
  ["a will is published when the process is killed", [4, 5], publishesWills],
  ["no will after a clean exit", [4, 5], dropsWillOnLeave],
  ["a will waits for its delay", [5], delaysWill],
  ["a client that is back within the delay has no will published", [5], withholdsWill],
];

for (const broker of brokers) {
  for (const kind of clientKinds) {
    for (const [name, versions, test] of cases) {
      for (const version of versions) {
        const title = `${broker.name}: ${kind.name}, ${version === 5 ? "5.0" : "3.1.1"}: ${name}`;
        peerTest(title, [...broker.needs, ...kind.needs], async () => {
          await using running = await broker.start();
          await test({ broker: running, kind, version });
        });
      }
    }
  }
}

/** On a signal, mosquitto_sub sends DISCONNECT 0x04, so that its will is published. */
for (const broker of brokers) {
  const kind = clientKinds.find((one) => one.name.startsWith("mosquitto_sub"))!;
  peerTest(
    `${broker.name}: mosquitto_sub, SIGTERM: a will by DISCONNECT 0x04`,
    [...broker.needs, ...kind.needs],
    async () => {
      await using running = await broker.start();
      const scene: Scene = { broker: running, kind, version: 5 };
      await using watcher = await subscribe(scene, "e2e/wills/#");
      const will = { topic: "e2e/wills/asked", payload: "for", qos: 2, retain: false } as const;
      await using client = await live(scene, "asking", { will });
      client.child.kill("SIGTERM");
      assert.deepEqual(await watcher.next(), will);
    },
  );
}

async function deliversEveryQoS(scene: Scene): Promise<void> {
  await using subscriber = await subscribe(scene, "e2e/+/#");
  for (const qos of qualities) {
    for (const payload of ["first", "grüße, 世界", ""]) {
      const message = { topic: `e2e/qos/${qos}`, payload, qos, retain: false };
      await publish(scene.kind, scene.broker, scene.version, message);
      assert.deepEqual(await subscriber.next(), message);
    }
  }
}

async function retains(scene: Scene): Promise<void> {
  const message = { topic: "e2e/state", payload: "on", qos: 1, retain: true } as const;
  const put = (change: Partial<PeerMessage>) =>
    publish(scene.kind, scene.broker, scene.version, { ...message, ...change });
  await put({ payload: "off" });
  await put({});
  {
    await using late = await subscribe(scene, "e2e/state");
    assert.deepEqual(await late.next(), message, "the newest, with retain set");
    await put({ payload: "on and on" });
    assert.deepEqual(await late.next(), { ...message, payload: "on and on", retain: false }, "not set on a live one");
  }
  await put({ payload: "" });
  await using later = await subscribe(scene, "e2e/state");
  await expectNothingBefore(scene, later, "e2e/state");
}

async function publishesWills(scene: Scene): Promise<void> {
  await using watcher = await subscribe(scene, "e2e/wills/#");
  for (const qos of qualities) {
    const will = { topic: `e2e/wills/${qos}`, payload: `gone at ${qos}`, qos, retain: qos === 1 };
    await using client = await live(scene, `mortal${qos}`, { will });
    await client.die();
    assert.deepEqual(await watcher.next(), { ...will, retain: false });
  }
  await using late = await subscribe(scene, "e2e/wills/#");
  assert.deepEqual(await late.next(), { topic: "e2e/wills/1", payload: "gone at 1", qos: 1, retain: true });
}

async function dropsWillOnLeave(scene: Scene): Promise<void> {
  await using watcher = await subscribe(scene, "e2e/wills/#");
  const will = { topic: "e2e/wills/control", payload: "killed", qos: 1, retain: false } as const;
  await using control = await live(scene, "control", { will });
  await using polite = await live(scene, "polite", { will: { ...will, topic: "e2e/wills/polite", payload: "never" } });
  await control.die();
  assert.deepEqual(await watcher.next(), will, "the watcher sees wills");
  await polite.leave();
  await expectNothingBefore(scene, watcher, "e2e/wills/marker");
}

async function delaysWill(scene: Scene): Promise<void> {
  await using watcher = await subscribe(scene, "e2e/wills/#");
  const will = { topic: "e2e/wills/late", payload: "after 2 s", qos: 1, retain: false, delayS: 2 } as const;
  await using client = await live(scene, "patient", { will, sessionExpiryS: 60 });
  const diedMs = performance.now();
  await client.die();
  const { delayS, ...message } = will;
  assert.deepEqual(await watcher.next(), message);
  const afterMs = performance.now() - diedMs;
  // mosquitto checks its delayed wills once a second.
  assert.ok(afterMs >= (delayS - 1) * 1000 && afterMs < (delayS + 3) * 1000, `after ${afterMs} ms`);
}

/**
 * The control's will is due after the first life's would have been: its arrival proves that the broker withheld the
 * first.
 */
async function withholdsWill(scene: Scene): Promise<void> {
  await using watcher = await subscribe(scene, "e2e/wills/#");
  const will = { topic: "e2e/wills/back", payload: "never", qos: 1, retain: false, delayS: 2 } as const;
  const session = { sessionExpiryS: 60, clean: false };
  await using first = await live(scene, "back", { ...session, will });
  await first.die();
  await using again = await live(scene, "back", session);
  const { delayS, ...message } = { ...will, topic: "e2e/wills/control", payload: "not back" };
  await using control = await live(scene, "control", { ...session, will: { ...message, delayS } });
  await control.die();
  assert.deepEqual(await watcher.next(), message);
  await again.leave();
  await expectNothingBefore(scene, watcher, "e2e/wills/marker");
}

/**
 * No message arrives before two markers in sequence: after the first the broker has read everything sent before it, and
 * the second follows all results of that.
 */
async function expectNothingBefore(scene: Scene, watcher: RealClient, topic: string): Promise<void> {
  for (const payload of ["first marker", "second marker"]) {
    const marker = { topic, payload, qos: 1, retain: false } as const;
    await publish(scene.kind, scene.broker, scene.version, marker);
    assert.deepEqual(await watcher.next(), marker);
  }
}

function subscribe({ kind, broker, version }: Scene, filter: string): Promise<RealClient> {
  return RealClient.start(kind, broker, { version, clientId: "watcher", clean: true, subscribe: { filter, qos: 2 } });
}

function live(
  { kind, broker, version }: Scene,
  clientId: string,
  { clean = true, ...rest }: { readonly will?: PeerWill; readonly sessionExpiryS?: number; readonly clean?: boolean },
): Promise<RealClient> {
  return RealClient.start(kind, broker, { version, clientId, clean, ...rest });
}
