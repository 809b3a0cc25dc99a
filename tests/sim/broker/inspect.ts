/** The only file of the simulation that reads the broker's internals, so that a change of them affects one file. */
import assert from "node:assert/strict";
import type { Core } from "../../../src/broker/core/core.ts";
import type { Model } from "./model.ts";

/** Compares sessions, subscriptions, retained messages and wills of the core with those of the model. */
export function agreeOnTables(core: Core, model: Model): void {
  const { metrics } = core;
  assert.equal(core.sessions.size, model.sessions.size, "sessions held");
  let subscriptions = 0;
  for (const { clientId, connection, subscriptions: expected } of model.sessions.values()) {
    const session = core.sessions.get(clientId);
    assert.ok(session !== undefined, `the session of ${clientId} is gone`);
    assert.equal(session.connection !== undefined, connection !== undefined, `${clientId} is online`);
    const held = session.subscriptions;
    assert.equal(held?.size ?? 0, expected.size, `subscriptions of ${clientId}`);
    for (const filter of expected.keys()) assert.ok(held!.has(filter), `${clientId} has lost ${filter}`);
    subscriptions += expected.size;
  }
  assert.equal(metrics.subscriptionsHeld, subscriptions, "subscriptions held");
  assert.equal(metrics.willsHeld, model.willsHeld, "wills held");
  assert.equal(metrics.retainedHeld, model.retained.size, "retained messages held");
  const online = [...model.connections].filter((each) => each.online).length;
  assert.equal(metrics.online, online, "clients online");
  assert.equal(metrics.open, model.openLinks, "links open");
  // One for each connection, delayed will and retained message, two for each session with its outbox, one of the broker
  // itself.
  const most = model.connections.size + model.delayed.size + model.retained.size + 2 * model.sessions.size + 1;
  assert.ok(core.deadlines.size <= most, `${core.deadlines.size} things wait for their time, and ${most} may`);
}

/** All clients have disconnected, and all their deadlines have passed. */
export function nothingIsLeft(core: Core): void {
  const { metrics } = core;
  const left = {
    sessions: core.sessions.size,
    connections: core.connections.size,
    deadlines: core.deadlines.size,
    open: metrics.open,
    online: metrics.online,
    wills: metrics.willsHeld,
    subscriptions: metrics.subscriptionsHeld,
    retained: metrics.retainedHeld,
  };
  assert.deepEqual(left, Object.fromEntries(Object.keys(left).map((name) => [name, 0])), "something is left");
}

/** A connection that ended long ago releases its will a second time, which must have no effect. */
export function releaseAgain(core: Core, clientId: string, version: 4 | 5, nowMs: number): void {
  const ending = { kind: "link-end" } as const;
  core.wills.release({ clientId, connectionId: 0, version, ending, sessionExpiryS: 0, nowMs });
}

/** The broker itself publishes, as it does for $SYS. */
export function publishOwn(core: Core, topic: string, payload: string, nowMs: number): void {
  core.router.publishOwn({ topic, payload: new TextEncoder().encode(payload), retain: false }, nowMs);
}
