/** Transitions of a virtual client that are rare in a run, on links that the test opens and ends. */
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { Histogram } from "../../../src/base/histogram.ts";
import type { Wakeable } from "../../../src/fleet/client/fleet_world.ts";
import { VirtualClient } from "../../../src/fleet/client/virtual_client.ts";
import { Ledger } from "../../../src/fleet/ledger/ledger.ts";
import { ClientEvents } from "../../../src/fleet/ledger/client_events.ts";
import { PresenceLog } from "../../../src/fleet/ledger/presence_log.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { DialReceiver, Link } from "../../../src/net/link.ts";
import { aPlan, rules } from "../sample_life.ts";

const connack = encode({ type: "connack", sessionPresent: false, reasonCode: 0 }, 5);

/** A link of the client, which records the client's calls. */
class HandLink {
  open = true;
  wasReset = false;
  readonly peer = "hand:1883";
  readonly bufferedBytes = 0;
  constructor(readonly receiver: DialReceiver) {}
  write = () => true;
  end = () => void (this.open = false);
  reset = () => void ([this.open, this.wasReset] = [false, true]);
  pause = () => {};
  resume = () => {};
}

class Hand {
  readonly clock = new ManualClock();
  readonly wakes = new Deadlines<Wakeable>();
  readonly links: HandLink[] = [];
  readonly events: string[] = [];
  /** What the last event had. */
  last: Readonly<Record<string, unknown>> & { readonly atMs?: number } = {};
  readonly client: VirtualClient;

  constructor(request: Partial<PlanRequest> = {}) {
    const plan = aPlan(request);
    const groups = new Groups(plan, "5");
    const dial = (receiver: DialReceiver): Link => {
      this.links.push(new HandLink(receiver));
      return this.links.at(-1)!;
    };
    const host = {
      groups,
      world: { clock: this.clock, wakes: this.wakes, canReset: true, dial },
      turnMs: 0,
      lives: new ClientEvents(new Ledger(plan, groups), (event: string, atMs: number, more: object) => {
        this.events.push(event);
        this.last = { ...more, atMs };
      }),
      presence: plan.presence ? new PresenceLog(rules) : undefined,
      sparkplug: undefined,
      connects: new Histogram(),
      kick: () => {},
      loginAccepted: () => {},
      tryLogin: () => {},
      onConnectFailed: () => {},
    };
    this.client = new VirtualClient(host, 0, 0, 5);
    this.client.connect(this.nowMs);
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** Opens the newest link and answers its CONNECT. */
  accept(): this {
    const { receiver } = this.links.at(-1)!;
    receiver.onOpen();
    receiver.onBytes(connack);
    return this;
  }

  /** The broker ends a link. */
  lose(link: number): this {
    this.links[link]!.open = false;
    this.links[link]!.receiver.onEnd({ kind: "reset" });
    return this;
  }

  /** Advances the clock and wakes each client that is due. */
  pass(ms: number): this {
    const nowMs = this.clock.advance(ms);
    for (let due = this.wakes.takeDue(nowMs); due !== undefined; due = this.wakes.takeDue(nowMs)) due.wake(nowMs);
    return this;
  }
}

Deno.test("virtual client: a connection that ends while its takeover is being opened is lost, not taken over", () => {
  const hand = new Hand().accept();
  hand.client.kill("takeover", hand.nowMs, hand.nowMs);
  hand.lose(0).accept();
  assert.deepEqual(hand.events, ["connect", "connack", "takeover", "lost", "connect", "connack"]);
  assert.ok(hand.client.up);
});

for (const opened of [false, true]) {
  Deno.test(`virtual client: dropped in a takeover, it resets both connections; second connection open: ${opened}`, () => {
    const hand = new Hand().accept();
    hand.client.kill("takeover", hand.nowMs, hand.nowMs);
    if (opened) hand.links[1]!.receiver.onOpen();
    hand.client.drop();
    assert.deepEqual(hand.links.map(({ wasReset }) => wasReset), [true, true]);
    assert.ok(hand.client.retired);
  });
}

const presence = { presence: true, killShares: [{ mode: "leave", weight: 1 }], reconnectAfterMs: 500 } as const;

Deno.test("virtual client: a connection that ends before PUBACK of the last presence message is lost", () => {
  const hand = new Hand(presence).accept();
  hand.client.kill("leave", hand.nowMs, hand.nowMs);
  assert.ok(!hand.client.up);
  hand.lose(0);
  assert.equal(hand.events.at(-1), "lost");
  hand.pass(600).accept();
  assert.ok(hand.client.up);
});

Deno.test("virtual client: without PUBACK of the last presence message it disconnects after two seconds", () => {
  const hand = new Hand(presence).accept();
  hand.client.kill("leave", hand.nowMs, hand.nowMs);
  hand.pass(1_900);
  assert.ok(!hand.events.includes("killed"));
  hand.pass(200);
  assert.equal(hand.events.at(-1), "killed");
});

Deno.test("virtual client: a client that is lost during a restart of the broker waits for its return", () => {
  const hand = new Hand({ ...presence, reconnectAfterMs: 500 }).accept();
  hand.client.expectRestart(300);
  hand.client.kill("leave", hand.nowMs, hand.nowMs);
  hand.lose(0).pass(60_000);
  assert.equal(hand.links.length, 1);
  hand.client.brokerIsBack(hand.nowMs);
  hand.pass(200);
  assert.equal(hand.links.length, 1);
  hand.pass(200);
  assert.equal(hand.links.length, 2);
});

Deno.test("virtual client: a client that stays offline connects only when it is called back", () => {
  const hand = new Hand({ reconnectAfterMs: "never" }).accept();
  hand.client.kill("reset", hand.nowMs, hand.nowMs);
  hand.pass(60_000);
  assert.deepEqual({ links: hand.links.length, retired: hand.client.retired }, { links: 1, retired: true });
  hand.client.callBack(hand.nowMs);
  assert.ok(hand.accept().client.up);
  assert.equal(hand.links.length, 2);
});

for (
  const [what, reach] of Object.entries<(hand: Hand) => unknown>({
    "is connecting": () => {},
    "went down with the broker": (hand) => {
      hand.accept().client.expectRestart(300);
      hand.lose(0);
    },
    "was to come back while there was no broker": (hand) => {
      hand.accept();
      hand.client.kill("reset", hand.nowMs, hand.nowMs);
      hand.client.expectRestart(300);
      hand.pass(60_000);
    },
  })
) {
  Deno.test(`virtual client: a client that is dropped while it ${what} stays offline`, () => {
    const hand = new Hand({ reconnectAfterMs: 500 });
    reach(hand);
    hand.client.drop();
    const { length } = hand.links;
    hand.client.brokerIsBack(hand.nowMs);
    hand.pass(60_000);
    assert.deepEqual({ links: hand.links.length, retired: hand.client.retired }, { links: length, retired: true });
  });
}

Deno.test("client: a kill counts from the end of its system call, and the broker may have ended the life since its start", () => {
  const hand = new Hand().accept();
  const startMs = hand.nowMs;
  // A busy machine resumes this thread 20 ms after the reset.
  hand.links[0]!.reset = () => void hand.clock.advance(20);
  hand.client.kill("reset", startMs, startMs);
  const { mode, atMs, sinceMs } = hand.last;
  assert.deepEqual({ mode, atMs, sinceMs }, { mode: "reset", atMs: startMs + 20, sinceMs: startMs });
});
