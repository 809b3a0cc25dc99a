/** TCP links over loopback, from both sides: the contract of `Link` on real sockets. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { highWaterBytes } from "../../../src/net/link.ts";
import {
  close,
  dial,
  equal,
  host,
  otherHost,
  pair,
  pattern,
  Port,
  RecordedLink,
  sides,
  socketTest,
  unassignedHost,
} from "../loopback.ts";

for (const side of sides) {
  socketTest(`tcp: bytes travel in both directions, ${side} first`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    self.link.write(Uint8Array.of(1, 2, 3));
    await peer.until(({ sizeBytes }) => sizeBytes === 3);
    peer.link.write(Uint8Array.of(9));
    await self.until(({ sizeBytes }) => sizeBytes === 1);
    assert.deepEqual([peer.bytes, self.bytes], [Uint8Array.of(1, 2, 3), Uint8Array.of(9)]);
    assert.deepEqual([self.link.bufferedBytes, self.link.open, self.opens <= 1], [0, true, true]);
    await close(self, peer);
  });

  socketTest(`tcp: writes of any size keep their order, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    const all = pattern(3_000_000);
    for (let at = 0, size = 1; at < all.length; at += size, size = size * 7 % 50_021) {
      self.link.write(all.subarray(at, at + size));
      if (at % 5 === 0) await Promise.resolve();
    }
    await peer.until(({ sizeBytes }) => sizeBytes === all.length);
    assert.ok(equal(peer.bytes, all));
    await close(self, peer);
  });

  socketTest(`tcp: end is fin to the peer and closed to its caller, once each, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    self.link.end();
    self.link.end();
    assert.equal(self.link.open, false);
    assert.equal(self.ends.length, 0, "no call comes from within a call");
    assert.equal((await peer.ended()).kind, "fin");
    assert.equal((await self.ended()).kind, "closed");
    peer.link.end();
    peer.link.reset();
    await afterRoundTrip(port);
    assert.deepEqual([self.ends.length, peer.ends.length, peer.link.open], [1, 1, false]);
  });

  socketTest(`tcp: buffered bytes leave before the end, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    const all = pattern(1_000_000);
    self.link.write(all);
    self.link.end();
    assert.equal(self.link.write(Uint8Array.of(1)), true, "what comes after is swallowed");
    assert.equal((await peer.ended()).kind, "fin");
    assert.ok(equal(peer.bytes, all));
    await self.ended();
  });

  socketTest(`tcp: a link receives no bytes after its own end, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    self.link.end();
    peer.link.write(Uint8Array.of(1));
    await self.ended();
    await peer.ended();
    assert.equal(self.sizeBytes, 0);
  });

  socketTest(`tcp: above the high-water mark write returns false, and one drain follows, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    peer.link.pause();
    const piece = pattern(100_000);
    let written = 0;
    let full = false;
    // The socket buffers of both sides take some megabytes before the link buffers.
    while (self.link.bufferedBytes <= 20 * highWaterBytes) {
      full = !self.link.write(piece) || full;
      written += piece.length;
    }
    assert.ok(full);
    assert.equal(self.drains, 0);
    peer.link.resume();
    await peer.until(({ sizeBytes }) => sizeBytes === written);
    await self.until(({ drains }) => drains > 0);
    assert.deepEqual({ drains: self.drains, bufferedBytes: self.link.bufferedBytes }, { drains: 1, bufferedBytes: 0 });
    await close(self, peer);
  });

  socketTest(`tcp: there is no drain unless write returned false, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    peer.link.pause();
    let written = 0;
    // Once the socket buffers are full the link buffers some bytes, below the mark at which write returns false.
    while (self.link.bufferedBytes < highWaterBytes / 2) {
      assert.equal(self.link.write(pattern(40_000)), true);
      written += 40_000;
      await afterRoundTrip(port);
    }
    peer.link.resume();
    await peer.until(({ sizeBytes }) => sizeBytes === written);
    await afterRoundTrip(port);
    assert.deepEqual({ drains: self.drains, bufferedBytes: self.link.bufferedBytes }, { drains: 0, bufferedBytes: 0 });
    await close(self, peer);
  });

  socketTest(`tcp: a paused link receives nothing; after resume all bytes arrive in order, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    self.link.pause();
    const all = pattern(500_000);
    peer.link.write(all);
    await afterRoundTrip(port);
    assert.equal(self.sizeBytes, 0);
    self.link.resume();
    assert.equal(self.sizeBytes, 0, "no call comes from within a call");
    await self.until(({ sizeBytes }) => sizeBytes === all.length);
    assert.ok(equal(self.bytes, all));
    await close(self, peer);
  });

  socketTest(`tcp: resume and pause in one turn leave the link paused, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    self.link.pause();
    peer.link.write(Uint8Array.of(1));
    await afterRoundTrip(port);
    self.link.resume();
    self.link.pause();
    await afterRoundTrip(port);
    assert.equal(self.sizeBytes, 0);
    self.link.resume();
    await self.until(({ sizeBytes }) => sizeBytes === 1);
    await close(self, peer);
  });

  socketTest(`tcp: a pause within a call stops further calls until resume, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    let chunks = 0;
    self.onChunk = () => {
      chunks++;
      self.link.pause();
    };
    const all = pattern(1_000_000);
    peer.link.write(all);
    await self.until(() => chunks === 1);
    await afterRoundTrip(port);
    assert.equal(chunks, 1);
    self.onChunk = () => {};
    self.link.resume();
    await self.until(({ sizeBytes }) => sizeBytes === all.length);
    assert.ok(equal(self.bytes, all));
    await close(self, peer);
  });

  socketTest(`tcp: a paused link can be ended and reset, ${side}`, async () => {
    using port = new Port();
    for (const how of ["end", "reset"] as const) {
      const { self, peer } = await pair(port, side);
      self.link.pause();
      peer.link.write(Uint8Array.of(1));
      self.link[how]();
      assert.equal((await self.ended()).kind, "closed");
      await peer.ended();
    }
  });

  socketTest(`tcp: the wait for a peer that never closes has a limit, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    peer.link.pause();
    // The unread bytes keep the FIN from being seen.
    peer.link.write(Uint8Array.of(1));
    self.link.write(Uint8Array.of(1));
    self.link.end();
    assert.equal((await self.ended()).kind, "closed");
    peer.link.reset();
    await peer.ended();
  });

  socketTest(`tcp: a new receiver gets each later call, ${side}`, async () => {
    using port = new Port();
    const { self, peer } = await pair(port, side);
    self.link.write(Uint8Array.of(1));
    await peer.until(({ sizeBytes }) => sizeBytes === 1);
    const replacement = new RecordedLink();
    replacement.link = peer.link;
    peer.link.receiver = replacement;
    self.link.write(Uint8Array.of(2));
    await replacement.until(({ sizeBytes }) => sizeBytes === 1);
    assert.deepEqual([peer.bytes, replacement.bytes], [Uint8Array.of(1), Uint8Array.of(2)]);
    self.link.end();
    assert.equal((await replacement.ended()).kind, "fin");
    assert.equal(peer.ends.length, 0);
    await self.ended();
  });
}

socketTest("tcp: the peer sees a reset of the dialling side as a reset", async () => {
  using port = new Port();
  const { self, peer } = await pair(port, "dialled");
  self.link.reset();
  self.link.reset();
  assert.equal(self.ends.length, 0, "no call comes from within a call");
  assert.deepEqual([(await peer.ended()).kind, (await self.ended()).kind], ["reset", "closed"]);
  await afterRoundTrip(port);
  assert.deepEqual([self.ends.length, peer.ends.length], [1, 1]);
});

socketTest("tcp: a reset drops buffered bytes", async () => {
  using port = new Port();
  const { self, peer } = await pair(port, "dialled");
  self.link.write(Uint8Array.of(1));
  self.link.reset();
  assert.equal((await peer.ended()).kind, "reset");
  assert.equal(peer.sizeBytes, 0);
  await self.ended();
});

socketTest(
  "tcp: a reset of the accepting side sends RST on epoll; the runtime's sockets close, also with unread bytes",
  async ({ name }) => {
    using port = new Port();
    for (const unread of [false, true]) {
      const { self, peer } = await pair(port, "accepted");
      if (unread) {
        self.link.pause();
        peer.link.write(pattern(100_000));
        await afterRoundTrip(port);
      }
      self.link.reset();
      assert.equal((await self.ended()).kind, "closed");
      assert.equal((await peer.ended()).kind, name === "epoll" ? "reset" : "fin");
    }
  },
);

socketTest("tcp: bytes written before the link opens leave when it opens", async () => {
  using port = new Port();
  const dialled = dial(port.port);
  dialled.link.write(Uint8Array.of(1));
  dialled.link.write(Uint8Array.of(2));
  assert.equal(dialled.opens, 0);
  const accepted = await port.next();
  await accepted.until(({ sizeBytes }) => sizeBytes === 2);
  assert.deepEqual({ bytes: accepted.bytes, opens: dialled.opens }, { bytes: Uint8Array.of(1, 2), opens: 1 });
  await close(dialled, accepted);
});

socketTest("tcp: end of the accepting side is FIN, and the link lasts until the peer closes too", async () => {
  using port = new Port();
  const raw = await Deno.connect({ hostname: host, port: port.port });
  const accepted = await port.next();
  accepted.link.end();
  assert.equal(await raw.read(new Uint8Array(1)), null);
  assert.equal(accepted.ends.length, 0);
  raw.close();
  assert.equal((await accepted.ended()).kind, "closed");
});

socketTest("tcp: end of the dialling side is FIN, and the link lasts until the peer closes too", async () => {
  using listener = Deno.listen({ hostname: host, port: 0 });
  const dialled = dial(listener.addr.port);
  const raw = await listener.accept();
  await dialled.until(({ opens }) => opens === 1);
  dialled.link.end();
  assert.equal(await raw.read(new Uint8Array(1)), null);
  assert.equal(dialled.ends.length, 0);
  raw.close();
  assert.equal((await dialled.ended()).kind, "closed");
});

socketTest("tcp: writes of one turn leave together", async () => {
  using listener = Deno.listen({ hostname: host, port: 0 });
  const dialled = dial(listener.addr.port);
  using peer = await listener.accept();
  await dialled.until(({ opens }) => opens === 1);
  for (let byte = 0; byte < 50; byte++) dialled.link.write(Uint8Array.of(byte));
  const buffer = new Uint8Array(100);
  assert.equal(await peer.read(buffer), 50);
  dialled.link.reset();
  await dialled.ended();
});

for (const how of ["end", "reset"] as const) {
  socketTest(`tcp: ${how} before the link opens: it never opens, and is closed`, async () => {
    using port = new Port();
    const dialled = dial(port.port);
    dialled.link[how]();
    assert.equal((await dialled.ended()).kind, "closed");
    assert.equal(dialled.opens, 0);
  });
}

socketTest("tcp: a port without a listener ends the link with the operating system's reason", async () => {
  const dialled = dial(usedPort());
  const end = await dialled.ended();
  assert.deepEqual([end.kind, end.kind === "error" && end.code], ["error", "ECONNREFUSED"]);
  assert.deepEqual({ opens: dialled.opens, ends: dialled.ends.length, open: dialled.link.open }, {
    opens: 0,
    ends: 1,
    open: false,
  });
});

socketTest("tcp: a source address that this machine does not have ends the link", async () => {
  using port = new Port();
  const end = await dial(port.port, unassignedHost).ended();
  // Linux reports EADDRNOTAVAIL; this runtime turns it into EINVAL.
  assert.ok(end.kind === "error" && ["EINVAL", "EADDRNOTAVAIL"].includes(end.code), JSON.stringify(end));
  assert.match(end.kind === "error" ? end.message : "", /192\.0\.2\.1/);
}, unassignedHost);

socketTest("tcp: a link uses its source address and names its peer", async () => {
  using port = new Port();
  const dialled = dial(port.port, otherHost);
  const accepted = await port.next();
  assert.match(accepted.link.peer, /^127\.0\.0\.2:\d+$/);
  assert.equal(dialled.link.peer, `127.0.0.1:${port.port}`);
  await dialled.until(({ opens }) => opens === 1);
  await close(dialled, accepted);
}, otherHost);

socketTest("tcp: a closed listener accepts no link, and its links stay open", async () => {
  const port = new Port();
  const { self, peer } = await pair(port, "dialled");
  port.listener.close();
  const end = await dial(port.port).ended();
  assert.equal(end.kind === "error" && end.code, "ECONNREFUSED");
  self.link.write(Uint8Array.of(1));
  await peer.until(({ sizeBytes }) => sizeBytes === 1);
  await close(self, peer);
});

socketTest("tcp: a hundred simultaneous links are distinct", async () => {
  using port = new Port();
  const pairs = await Promise.all(Array.from({ length: 100 }, () => pair(port, "dialled")));
  // The listener accepts links in any order: each sends its number and receives it back.
  for (const { peer } of pairs) peer.onChunk = () => peer.link.write(peer.bytes.slice(-1));
  pairs.forEach(({ self }, place) => self.link.write(Uint8Array.of(place)));
  for (const [place, { self }] of pairs.entries()) {
    await self.until(({ sizeBytes }) => sizeBytes === 1);
    assert.deepEqual(self.bytes, Uint8Array.of(place));
  }
  await close(...pairs.flatMap(({ self, peer }) => [self, peer]));
});

socketTest("tcp: refuses a port in use in a sentence", () => {
  using port = new Port();
  const sentence = `Cannot listen on 127.0.0.1:${port.port}: the port is in use; choose another, or 0 for a free one`;
  assert.throws(() => new Port(port.port), new UsageError(sentence));
  return Promise.resolve();
});

socketTest("tcp: refuses to listen on an address that this machine does not have in a sentence", () => {
  const sentence = `Cannot listen on ${unassignedHost}:0: no such address on this machine`;
  assert.throws(() => new Port(0, unassignedHost), new UsageError(sentence));
  return Promise.resolve();
}, unassignedHost);

/** A port without a listener. */
function usedPort(): number {
  const listener = Deno.listen({ hostname: host, port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Lets the other links make progress: a byte in each direction on a separate pair, twice. */
async function afterRoundTrip(port: Port): Promise<void> {
  const { self, peer } = await pair(port, "dialled");
  for (let round = 1; round <= 2; round++) {
    self.link.write(Uint8Array.of(0));
    await peer.until(({ sizeBytes }) => sizeBytes === round);
    peer.link.write(Uint8Array.of(0));
    await self.until(({ sizeBytes }) => sizeBytes === round);
  }
  await close(self, peer);
}
