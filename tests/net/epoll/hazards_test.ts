/** Hazards of the epoll engine: real peers, or calls that fail, cause each of them. */
import { monotonicClock } from "../../../src/base/clock.ts";
import assert from "node:assert/strict";
import { EpollLink } from "../../../src/net/epoll/epoll_link.ts";
import { equal, pattern, RecordedLink } from "../loopback.ts";
import { hazard, later, until } from "./stage.ts";

hazard("a write that the operating system accepts in pieces arrives complete and in order", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  stage.libc.sendLimitBytes = 7;
  const all = pattern(5_000);
  for (let at = 0; at < all.length; at += 11) dialled.link.write(all.subarray(at, at + 11));
  await until(() => accepted.sizeBytes === all.length);
  assert.deepEqual(accepted.bytes, all);
  assert.equal(dialled.link.bufferedBytes, 0);
});

hazard("bytes that the operating system refuses are written again when there is room", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  stage.libc.fullSends = 3;
  const all = pattern(300_000);
  const isBelowMark = dialled.link.write(all);
  assert.deepEqual({ isBelowMark, bufferedBytes: dialled.link.bufferedBytes }, {
    isBelowMark: false,
    bufferedBytes: all.length,
  });
  await until(() => accepted.sizeBytes === all.length);
  assert.deepEqual({ bytes: accepted.bytes, fullSends: stage.libc.fullSends }, { bytes: all, fullSends: 0 });
  await until(() => dialled.drains === 1);
});

hazard("a burst of writes leaves before the end of the turn, in order", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  const all = pattern(500_000);
  let most = 0;
  for (let at = 0; at < all.length; at += 1_000) {
    assert.equal(dialled.link.write(all.subarray(at, at + 1_000)), true);
    most = Math.max(most, dialled.link.bufferedBytes);
  }
  assert.ok(most < 70_000, `${most} bytes waited`);
  await until(() => accepted.sizeBytes === all.length);
  assert.deepEqual(accepted.bytes, all);
});

hazard("a burst of writes to a closed peer reports the end after the turn, and drops the rest", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  stage.libc.sendFaults.push(-104, -32); // ECONNRESET once, then EPIPE
  for (let count = 0; count < 3; count++) dialled.link.write(pattern(30_000));
  assert.deepEqual({ ends: dialled.ends.length, bufferedBytes: dialled.link.bufferedBytes }, {
    ends: 0,
    bufferedBytes: 90_000,
  });
  await until(() => dialled.link.bufferedBytes === 0);
  assert.equal(dialled.ends.length, 0, "what the peer had sent before may still come");
  accepted.link.end();
  await until(() => dialled.ends.length === 1);
  assert.deepEqual({ kind: dialled.ends[0]!.kind, sizeBytes: accepted.sizeBytes }, { kind: "reset", sizeBytes: 0 });
});

hazard("a burst of new connections leaves turns to open links", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  let acceptedBefore = -1;
  accepted.onChunk = () => acceptedBefore = stage.accepted.length;
  for (let count = 0; count < 400; count++) stage.dial();
  dialled.link.write(Uint8Array.of(1));
  await until(() => stage.accepted.length === 401);
  assert.ok(acceptedBefore >= 1 && acceptedBefore <= 1 + 3 * 64, `reported after ${acceptedBefore} of 401`);
});

hazard("a listener without descriptors reports it once, pauses, and continues", async (stage) => {
  stage.libc.acceptFaults.push(-24, -24, -24, -23);
  const dialled = stage.dial();
  await until(() => stage.accepted.length === 1);
  assert.deepEqual(stage.refused, ["Cannot accept a connection: too many open files (EMFILE)"]);
  assert.ok(stage.libc.accepts <= 7, `${stage.libc.accepts} attempts`);
  stage.accepted[0]!.link.write(Uint8Array.of(1));
  await until(() => dialled.sizeBytes === 1);
  stage.libc.acceptFaults.push(-23);
  stage.dial();
  await until(() => stage.accepted.length === 2);
  assert.equal(stage.refused.length, 2, "since then one was accepted: it is reported again");
});

hazard("a listener that pauses for lack of descriptors can be closed", async (stage) => {
  stage.libc.acceptFaults.push(...new Array<number>(1_000).fill(-24));
  stage.dial();
  await until(() => stage.refused.length === 1);
  stage.listener.close();
  await later(80);
  assert.ok(stage.libc.accepts < 4, `${stage.libc.accepts} attempts`);
});

hazard("a listener ignores connections that ended before accept, and signals", async (stage) => {
  stage.libc.acceptFaults.push(-103, -4, -103);
  stage.dial();
  await until(() => stage.accepted.length === 1);
  assert.deepEqual(stage.refused, []);
});

hazard("a full listen queue delays connections and loses none", async (stage) => {
  const dialled = Array.from({ length: 12 }, () => stage.dial());
  // A connection that did not fit in the accept queue completes when its peer sends data, as MQTT clients do at once.
  for (const { link } of dialled) link.write(Uint8Array.of(1));
  await until(() => stage.accepted.length === 12 && stage.accepted.every(({ sizeBytes }) => sizeBytes === 1));
  assert.deepEqual(dialled.flatMap(({ ends }) => ends), []);
}, 1);

hazard("a peer that has sent FIN and still reads receives all written bytes", async (stage) => {
  const { peer, accepted } = await stage.peer();
  const all = pattern(3_000_000);
  accepted.onChunk = () => void accepted.link.write(all);
  await peer.write(Uint8Array.of(1));
  await peer.closeWrite();
  assert.equal((await accepted.ended()).kind, "fin");
  const received = new Uint8Array(await new Response(peer.readable).arrayBuffer());
  assert.ok(equal(received, all));
});

hazard("bytes before the own end leave, also to a peer that has sent FIN", async (stage) => {
  const { peer, accepted } = await stage.peer();
  const all = pattern(3_000_000);
  accepted.onChunk = () => {
    accepted.link.write(all);
    accepted.link.end();
  };
  await peer.write(Uint8Array.of(1));
  await peer.closeWrite();
  assert.equal((await accepted.ended()).kind, "closed");
  const received = new Uint8Array(await new Response(peer.readable).arrayBuffer());
  assert.equal(received.length, all.length);
});

hazard("the wait for a peer that has sent FIN and does not read has a limit", async (stage) => {
  const { peer, accepted } = await stage.peer();
  accepted.onChunk = () => void accepted.link.write(pattern(20_000_000));
  await peer.write(Uint8Array.of(1));
  await peer.closeWrite();
  assert.equal((await accepted.ended()).kind, "fin");
  const sockets = stage.libc.open.size;
  await until(() => stage.libc.open.size === sockets - 1);
  peer.close();
});

hazard("a reset while the link is paused is seen at resume, and uses no CPU until then", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  accepted.link.pause();
  dialled.link.write(Uint8Array.of(7));
  await later(20);
  dialled.link.reset();
  await later(20);
  const before = stage.libc.rounds;
  await later(150);
  assert.ok(stage.libc.rounds - before < 10, `${stage.libc.rounds - before} rounds in 150 ms`);
  assert.equal(accepted.ends.length, 0);
  accepted.link.resume();
  assert.equal((await accepted.ended()).kind, "reset");
  assert.deepEqual(accepted.bytes, Uint8Array.of(7));
});

hazard("a prepared reset leaves as RST when the thread ends", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  assert.ok(dialled.link instanceof EpollLink);
  dialled.link.armReset();
  dialled.link.giveUp();
  assert.deepEqual(dialled.ends, [{ kind: "closed" }]);
  assert.equal((await accepted.ended()).kind, "reset");
});

hazard("idle links cause no rounds of the loop", async (stage) => {
  await stage.pair();
  await later(20);
  const before = stage.libc.rounds;
  await later(200);
  assert.ok(stage.libc.rounds - before <= 2, `${stage.libc.rounds - before} rounds in 200 ms`);
});

hazard("an event of a closed descriptor does not reach the link that reuses its number", async (stage) => {
  const pairs = [await stage.pair(), await stage.pair()];
  const replacements: RecordedLink[] = [];
  for (const [place, { accepted }] of pairs.entries()) {
    accepted.onChunk = () => {
      // The first of the two links to handle its event ends the other, whose event is already fetched, and reuses its
      // descriptor.
      const { accepted: other } = pairs[1 - place]!;
      if (replacements.length > 0) return;
      other.link.reset();
      replacements.push(stage.dial());
    };
  }
  for (const { dialled } of pairs) dialled.link.write(Uint8Array.of(1));
  await until(() => replacements[0]?.opens === 1);
  await later(20);
  assert.deepEqual(pairs.map(({ accepted }) => accepted.sizeBytes).sort(), [0, 1]);
  assert.deepEqual({ opens: replacements[0]!.opens, ends: replacements[0]!.ends }, { opens: 1, ends: [] });
});

hazard("a thread that ends closes its links without a call to their receivers", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  const { peer, accepted: paused } = await stage.peer();
  paused.link.pause();
  await stage.loop.abandon();
  assert.deepEqual([...stage.libc.open], []);
  assert.equal(await peer.read(new Uint8Array(1)), null);
  peer.close();
  assert.deepEqual([dialled, accepted, paused].flatMap(({ ends }) => ends), []);
});

hazard("the loop may block in epoll where that is allowed, and timers still run", async (stage) => {
  stage.loop.allowBlocking(() => true);
  const { dialled, accepted } = await stage.pair();
  accepted.onChunk = () => void accepted.link.write(Uint8Array.of(1));
  dialled.onChunk = () => void dialled.link.write(Uint8Array.of(1));
  dialled.link.write(Uint8Array.of(1));
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await until(() => dialled.sizeBytes > 200 && ticks > 5);
  clearInterval(timer);
});

hazard("bytes that the end of a link causes leave before its descriptor is closed", async (stage) => {
  const [ending, other] = [await stage.pair(), await stage.pair()];
  const calls: string[] = [];
  const { libc } = stage;
  const [send, close] = [libc.send.bind(libc), libc.close.bind(libc)];
  libc.send = (socket, sizeBytes) => (calls.push("send"), send(socket, sizeBytes));
  libc.close = (descriptor) => (calls.push("close"), close(descriptor));
  const { receiver } = ending.accepted.link;
  ending.accepted.link.receiver = {
    onBytes() {},
    onDrain() {},
    onEnd: (end) => {
      other.accepted.link.write(Uint8Array.of(1));
      receiver.onEnd(end);
    },
  };
  ending.dialled.link.reset();
  calls.length = 0; // its own descriptor, which it closes outside of a turn
  await until(() => other.dialled.sizeBytes === 1);
  await later(5);
  assert.deepEqual(calls, ["send", "close"]);
});

hazard("a FIN without bytes before it leaves at once", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  let fins = 0;
  stage.libc.shutDown = (socket) => {
    fins++;
    return Object.getPrototypeOf(Object.getPrototypeOf(stage.libc)).shutDown.call(stage.libc, socket);
  };
  dialled.link.end();
  assert.equal(fins, 1);
  await until(() => accepted.ends.length === 1);
  const other = await stage.pair();
  other.dialled.link.write(Uint8Array.of(1));
  other.dialled.link.end();
  assert.equal(fins, 1, "the bytes leave first");
  await until(() => fins === 2 && other.accepted.ends.length === 1);
});

hazard("bytes that wait for their read are dated by their arrival, also where the link opens later", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  const late = stage.dial();
  late.link.stampArrivals?.();
  dialled.link.stampArrivals?.();
  await until(() => stage.accepted.length === 2 && late.opens === 1);
  for (const [near, far] of [[dialled, accepted], [late, stage.accepted[1]!]] as const) {
    // Two messages: the date of the second is its own, not that of the read before.
    for (let count = 1; count <= 2; count++) {
      far.link.write(Uint8Array.of(1));
      await Promise.resolve();
      const sentMs = monotonicClock.nowMs();
      while (monotonicClock.nowMs() < sentMs + 30);
      await until(() => near.sizeBytes === count);
      const afterMs = near.link.arrivedMs! - sentMs;
      assert.ok(afterMs > -5 && afterMs < 15, `${afterMs} ms after the send`);
    }
  }
});

hazard("a link without a request for dates has none", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  accepted.link.write(Uint8Array.of(1));
  await until(() => dialled.sizeBytes === 1);
  assert.equal(dialled.link.arrivedMs, undefined);
});

hazard("a name is resolved, and a refused address is followed by the next address", async (stage) => {
  const dialled = stage.dial("localhost");
  await until(() => dialled.opens === 1);
  assert.equal(dialled.link.peer, `localhost:${stage.listener.port}`);
});

hazard("a link to an address that the runtime does not permit is not dialled", async (stage) => {
  const end = await stage.dial("192.0.2.1", 1).ended();
  assert.equal(end.kind === "error" && end.code, "EPERM");
});

hazard("a link that ends while its name is resolved never opens", async (stage) => {
  const dialled = stage.dial("localhost");
  dialled.link.write(Uint8Array.of(1));
  dialled.link.end();
  assert.equal((await dialled.ended()).kind, "closed");
  await later(30);
  assert.deepEqual({ opens: dialled.opens, ends: dialled.ends.length, accepted: stage.accepted.length }, {
    opens: 0,
    ends: 1,
    accepted: 0,
  });
});

hazard("a link that is reset after its end is over at once, before and after its FIN has left", async (stage) => {
  for (const waits of [false, true]) {
    const { peer, accepted } = await stage.peer();
    accepted.link.end();
    // FIN leaves at the end of the turn; the peer sees the end of the stream.
    if (waits) assert.equal(await peer.read(new Uint8Array(1)), null);
    accepted.link.reset();
    assert.equal((await accepted.ended()).kind, "closed", `FIN has left: ${waits}`);
    assert.equal(accepted.ends.length, 1);
    peer.close();
  }
});

hazard(
  "a link that has ended, and whose peer has sent FIN and still reads, sends all that was written",
  async (stage) => {
    const { peer, accepted } = await stage.peer();
    const all = pattern(30_000_000);
    accepted.onChunk = () => {
      accepted.link.write(all);
      accepted.link.end();
    };
    await peer.write(Uint8Array.of(1));
    await until(() => accepted.sizeBytes === 1);
    await peer.closeWrite();
    assert.equal((await accepted.ended()).kind, "closed");
    assert.ok(accepted.link.bufferedBytes > 0, "some of it has yet to leave");
    const received = new Uint8Array(await new Response(peer.readable).arrayBuffer());
    assert.equal(received.length, all.length);
  },
);
