/** A misbehaving client harms no other client; a slow watcher receives every will of a storm. */
import assert from "node:assert/strict";
import { encode } from "../../src/mqtt/codec/codec.ts";
import { aWill, bytesOf, type Client, connectPacket, Stage } from "./stage.ts";

Deno.test("bystander: a slow watcher receives all of 20,000 QoS 1 wills within the default limits", () => {
  const stage = new Stage();
  const watcher = stage.watch("wills/#", { qos: 1 }, { properties: { receiveMaximum: 10 } });
  watcher.acknowledges = false;
  const count = 20_000;
  const payload = bytesOf("x".repeat(200));
  const dying: Client[] = [];
  for (let each = 0; each < count; each++) {
    dying.push(stage.connect({ clientId: `c${each}`, will: aWill({ topic: `wills/${each}`, payload }) }));
  }
  for (const client of dying) client.link.reset();
  stage.settle();
  const { metrics } = stage.core;
  assert.equal(metrics.willsPublished["link-end"], count);
  assert.equal(watcher.of("publish").length, 10, "it takes ten at a time");
  for (let seen = 0; seen < watcher.arrivals.length; seen++) {
    const { packet } = watcher.arrivals[seen]!;
    if (packet.type === "publish") watcher.link.write(encode({ type: "puback", packetId: packet.packetId! }, 5));
    stage.settle();
  }
  const topics = watcher.of("publish").map(({ topic }) => topic);
  assert.deepEqual(topics, dying.map((_, each) => `wills/${each}`), "all of them, in order");
  assert.deepEqual(Object.values(metrics.dropped).filter((dropped) => dropped > 0), []);
});

Deno.test("bystander: the broker counts dropped messages by reason and delivers the others", () => {
  const stage = new Stage({ limits: { outboxBytes: 10_000 } });
  const watcher = stage.watch("wills/#", { qos: 1 }, { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } });
  watcher.die();
  for (let each = 0; each < 100; each++) {
    stage.connect({ clientId: `c${each}`, will: aWill({ topic: `wills/${each}`, payload: bytesOf("x".repeat(100)) }) })
      .die();
  }
  const dropped = stage.core.metrics.dropped["queue-full"];
  assert.ok(dropped > 0 && dropped < 100);
  assert.equal(stage.core.metrics.limitsHit.outboxBytes, dropped);
  const [session] = stage.core.sessions.values();
  assert.equal(session?.usedOutbox?.size, 100 - dropped);
});

Deno.test("bystander: an honest client is served beside a flooder, a silent reader and a slow sender", () => {
  const stage = new Stage({ limits: { unreadBytes: 10_000_000, outboxBytes: 200_000, timeToConnectMs: 5_000 } });
  const honest = stage.watch("news/#", { qos: 1 }, { clientId: "honest", keepAliveS: 60 });
  const author = stage.connect({ clientId: "author" });
  const flooder = stage.connect({ clientId: "flooder" }, { acknowledges: false });
  const deaf = stage.watch("#", { qos: 1 }, {
    clientId: "deaf",
    will: aWill({ topic: "news/deaf", payload: bytesOf("gone") }),
  });
  deaf.acknowledges = false;
  deaf.link.pause();
  const trickler = stage.dial();
  const connect = encode(connectPacket({ clientId: "trickler", will: aWill({ topic: "news/trickler" }) }), 5);

  let sent = 0;
  for (let round = 0; round < 40; round++) {
    flooder.publish("flood", "x".repeat(20_000), { qos: 1 });
    flooder.sendBytes(new Array(200).fill([0xc0, 0]).flat()); // PINGREQ
    for (let each = 0; each < 500; each++) deaf.link.write(Uint8Array.of(0xc0, 0));
    trickler.sendBytes(connect.subarray(round, round + 1));
    author.publish("news/today", `${++sent}`, { qos: 1 });
    stage.advance(250);
  }

  const news = honest.messages.filter((message) => message.startsWith("news/today"));
  assert.deepEqual(news, Array.from({ length: sent }, (_, each) => `news/today ${each + 1}`));
  assert.equal(honest.end, undefined);
  assert.equal(author.end, undefined);
  assert.equal(trickler.end?.kind, "fin", "no CONNECT in time");
  assert.equal(stage.core.sessions.get("trickler"), undefined);
  const { limitsHit, messages } = stage.core.metrics.snapshot();
  assert.equal(limitsHit.timeToConnectMs, 1);
  assert.ok(limitsHit.outboxBytes > 0 && messages.dropped["queue-full"] === limitsHit.outboxBytes);
  assert.ok(
    stage.core.sessions.get("deaf") === undefined || stage.core.sessions.get("deaf")!.outbox.sizeBytes <= 200_000,
  );
});

Deno.test("bystander: the broker closes a client that does not read its answers, and publishes its will", () => {
  const stage = new Stage({ limits: { unreadBytes: 10_000 } });
  const honest = stage.watch("news/#");
  const deaf = stage.connect({ clientId: "deaf", will: aWill({ topic: "news/deaf" }) });
  deaf.link.pause();
  for (let each = 0; each < 6_000; each++) deaf.link.write(Uint8Array.of(0xc0, 0));
  stage.settle();
  assert.equal(stage.core.metrics.limitsHit.unreadBytes, 1);
  assert.deepEqual(honest.messages, ["news/deaf gone"]);
});
