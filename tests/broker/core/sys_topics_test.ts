import assert from "node:assert/strict";
import { aWill, Stage } from "../stage.ts";

/** The last value of each topic received, keyed without `$SYS/broker/`. */
function values(messages: readonly string[]): Record<string, string> {
  return Object.fromEntries(messages.map((message) => {
    const [, topic, value] = /^\$SYS\/broker\/(\S+(?: messages\/count)?) (.*)$/.exec(message)!;
    return [topic!, value!];
  }));
}

Deno.test("$SYS: a new subscriber receives the values at once and at each interval", () => {
  const stage = new Stage({ sysIntervalMs: 10_000 });
  const watcher = stage.connect({ clientId: "watcher" }).subscribe("$SYS/#");
  assert.equal(values(watcher.messages)["clients/connected"], "0", "as it was when they were last published");
  assert.ok(watcher.of("publish").every(({ retain }) => retain));
  watcher.arrivals.length = 0;
  stage.connect({ clientId: "victim", will: aWill() }).die();
  stage.advance(9_999);
  assert.deepEqual(watcher.messages, []);
  stage.advance(1);
  const now = values(watcher.messages);
  assert.equal(now["clients/connected"], "1");
  assert.equal(now["uptime"], "10 seconds");
  assert.deepEqual({
    willsArmed: now["wills/armed"],
    willsPublished: now["wills/published"],
    willsPublishedLinkEnd: now["wills/published/link-end"],
  }, { willsArmed: "1", willsPublished: "1", willsPublishedLinkEnd: "1" });
  assert.equal(now["wills/fault"], undefined);
  assert.ok(Number(now["bytes/received"]) > 20 && Number(now["messages/received"]) >= 3);
  assert.ok(watcher.of("publish").every(({ retain }) => !retain));
});

Deno.test("$SYS: only subscribers that name $SYS receive it, it is not retained, and clients cannot publish to it", () => {
  const stage = new Stage({ sysIntervalMs: 10_000, maximumQoS: 1 });
  const everything = stage.watch("#");
  const one = stage.watch("$SYS/broker/uptime");
  stage.connect({ clientId: "forger" }).publish("$SYS/broker/uptime", "forged", { qos: 1 });
  stage.advance(20_000);
  assert.deepEqual(everything.messages, []);
  assert.deepEqual(one.messages, ["$SYS/broker/uptime 10 seconds", "$SYS/broker/uptime 20 seconds"]);
  assert.equal(stage.core.metrics.retainedHeld, 0);
});

Deno.test("$SYS: publishes the active fault mix of the broker", () => {
  const willFault = {
    description: "lose=100%",
    counts: { lose: 0 },
    atPublication: () => (willFault.counts.lose++, []),
  };
  const stage = new Stage({ sysIntervalMs: 1_000, willFault });
  stage.connect({ clientId: "victim", will: aWill() }).die();
  stage.advance(1_000);
  const now = values(stage.connect({ clientId: "watcher" }).subscribe("$SYS/broker/wills/#").messages);
  assert.deepEqual({
    willsFault: now["wills/fault"],
    willsFaults: now["wills/faults"],
    willsFaultsLose: now["wills/faults/lose"],
  }, { willsFault: "lose=100%", willsFaults: "1", willsFaultsLose: "1" });
});

Deno.test("$SYS: is off unless an interval is configured", () => {
  const stage = new Stage();
  const watcher = stage.watch("$SYS/#");
  stage.advance(60_000);
  assert.deepEqual(watcher.messages, []);
});
