/** How the epoll engine handles calls that fail or are interrupted, and receivers that act within a callback. */
import assert from "node:assert/strict";
import { EpollLoop } from "../../../src/net/epoll/epoll_loop.ts";
import { dialEpoll } from "../../../src/net/epoll/epoll_dial.ts";
import { listenEpoll } from "../../../src/net/epoll/epoll_listen.ts";
import { equal, pattern, RecordedLink } from "../loopback.ts";
import { FailingLibc } from "./failing_libc.ts";
import { hazard, host, later, until } from "./stage.ts";

const EINTR = -4;
const EMFILE = -24;
const ENOSPC = -28;
const EADDRINUSE = -98;
const EADDRNOTAVAIL = -99;

/** The error code and the message of a dialled link that failed. */
async function failure(dialled: RecordedLink): Promise<[code: string, message: string]> {
  const end = await dialled.ended();
  assert.equal(end.kind, "error");
  assert.deepEqual({ opens: dialled.opens, ends: dialled.ends.length }, { opens: 0, ends: 1 });
  return end.kind === "error" ? [end.code, end.message] : ["", ""];
}

hazard("a link without a free descriptor does not open and says so; the next link opens", async (stage) => {
  const open = stage.libc.open.size;
  stage.libc.faults.socket = [EMFILE];
  const [code, message] = await failure(stage.dial());
  assert.deepEqual({ code, message }, { code: "EMFILE", message: `connect EMFILE ${host}:${stage.listener.port}` });
  assert.equal(stage.libc.open.size, open);
  await stage.pair();
});

for (const call of ["alwaysReadable", "openEpoll"] as const) {
  hazard(
    `without a descriptor for the loop itself (${call}) no link opens, and no descriptor stays open`,
    async (stage) => {
      const libc = new FailingLibc();
      const loop = new EpollLoop(libc);
      libc.faults[call] = [EMFILE, EMFILE];
      const dialled = new RecordedLink();
      dialled.link = dialEpoll({ host, port: stage.listener.port }, dialled, loop);
      assert.equal((await failure(dialled))[0], "EMFILE");
      assert.throws(() => listenEpoll({ host, port: 0 }, { accept() {}, refused() {} }, loop), {
        name: "UsageError",
        message: /^Cannot listen on 127\.0\.0\.1:0: [^\n]*EMFILE/,
      });
      assert.deepEqual([...libc.open], []);
    },
  );
}

hazard("a reset closes its descriptor, and a socket that cannot be dissolved is reset by its close", async (stage) => {
  const EINVAL = -22;
  const open = stage.libc.open.size;
  for (const faults of [[], [EINVAL]]) {
    const { accepted, dialled } = await stage.pair();
    stage.libc.faults.dissolve = [...faults];
    dialled.link.reset();
    const why = faults.length === 0 ? "dissolved" : "not dissolved";
    assert.equal((await accepted.ended()).kind, "reset", why);
    await until(() => stage.libc.open.size === open);
    assert.deepEqual(stage.libc.faults.dissolve, [], why);
  }
});

hazard("a source address that is in use, or has no free port, ends the link with its name", async (stage) => {
  for (
    const [call, fault, word] of [["bind", EADDRINUSE, "EADDRINUSE"], [
      "connect",
      EADDRNOTAVAIL,
      "EADDRNOTAVAIL",
    ]] as const
  ) {
    const open = stage.libc.open.size;
    stage.libc.faults[call] = [fault];
    const [code, message] = await failure(stage.dial(host, stage.listener.port, host));
    assert.deepEqual({ code, message }, {
      code: word,
      message: `connect ${word} ${host}:${stage.listener.port} - Local (${host})`,
    });
    assert.equal(stage.libc.open.size, open);
  }
});

hazard("a link that epoll refuses is closed and reported once; waiting links are accepted later", async (stage) => {
  const first = await stage.pair();
  stage.libc.faults.watch = [ENOSPC];
  const peer = await Deno.connect({ hostname: host, port: stage.listener.port });
  assert.equal(await peer.read(new Uint8Array(1)), null);
  peer.close();
  assert.deepEqual(stage.refused, ["Cannot accept a connection: no space left on device (ENOSPC)"]);
  const { accepted } = await stage.peer().then(({ peer, accepted }) => (peer.close(), { accepted }));
  assert.equal((await accepted.ended()).kind, "fin");
  assert.deepEqual({ ends: first.accepted.ends, refused: stage.refused.length }, { ends: [], refused: 1 });
});

hazard("a call that a signal interrupts is repeated, and no byte is lost or doubled", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  stage.libc.faults.events = [EINTR, EINTR, EINTR];
  stage.libc.faults.read = [EINTR, EINTR];
  stage.libc.sendFaults.push(EINTR, EINTR);
  const all = pattern(300_000);
  dialled.link.write(all);
  await until(() => accepted.sizeBytes === all.length);
  assert.ok(equal(accepted.bytes, all));
  const { events, read } = stage.libc.faults;
  assert.deepEqual({ events, read, sendFaults: stage.libc.sendFaults }, { events: [], read: [], sendFaults: [] });
  assert.deepEqual([dialled.ends, accepted.ends], [[], []]);
});

hazard("a link whose reads are interrupted without end leaves turns to other links", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  stage.libc.faults.read = new Array<number>(100).fill(EINTR);
  dialled.link.write(Uint8Array.of(1));
  await until(() => accepted.sizeBytes === 1);
  assert.equal(stage.libc.faults.read.length, 0);
});

hazard("a link delivers all bytes before a FIN that arrives with them, over several turns", async (stage) => {
  const { peer, accepted } = await stage.peer();
  accepted.link.pause();
  const all = pattern(2_500_000);
  const sent = (async () => {
    for (let at = 0; at < all.length;) at += await peer.write(all.subarray(at));
    await peer.closeWrite();
  })();
  await later(20);
  // The receiver pauses after each chunk, so epoll reports FIN long before the last byte is read.
  accepted.onChunk = () => {
    accepted.link.pause();
    setTimeout(() => accepted.link.resume(), 0);
  };
  accepted.link.resume();
  assert.equal((await accepted.ended()).kind, "fin");
  await sent;
  peer.close();
  assert.ok(equal(accepted.bytes, all));
});

for (const what of ["before", "after"] as const) {
  hazard(
    `a last packet before RST arrives, then the reset, ${what} a failed write of the receiver`,
    async (stage) => {
      const { dialled, accepted } = await stage.pair();
      accepted.link.pause();
      dialled.link.write(Uint8Array.of(0xe0, 0)); // DISCONNECT: later bytes must not undo it [MQTT5 3.14.4-3]
      await until(() => dialled.link.bufferedBytes === 0);
      dialled.link.reset();
      await later(20);
      if (what === "after") {
        accepted.link.write(pattern(100));
        await until(() => accepted.link.bufferedBytes === 0);
      }
      accepted.link.resume();
      if (what === "before") accepted.link.write(pattern(100));
      assert.equal((await accepted.ended()).kind, "reset");
      assert.deepEqual(accepted.bytes, Uint8Array.of(0xe0, 0));
      await later(5);
      assert.equal(accepted.ends.length, 1);
    },
  );
}

hazard("repeated writes to a closed peer end the link once, without another effect", async (stage) => {
  const { dialled, accepted } = await stage.pair();
  dialled.link.reset();
  for (let count = 0; count < 50 && accepted.ends.length === 0; count++) {
    accepted.link.write(pattern(1_000));
    await later(1);
  }
  assert.equal((await accepted.ended()).kind, "reset");
  assert.equal(accepted.link.write(pattern(1_000_000)), true, "it is swallowed");
  await later(5);
  assert.deepEqual({ ends: accepted.ends.length, bufferedBytes: accepted.link.bufferedBytes }, {
    ends: 1,
    bufferedBytes: 0,
  });
});

for (const how of ["end", "reset"] as const) {
  hazard(`a link that calls ${how} in its receiver receives nothing more`, async (stage) => {
    const { dialled, accepted } = await stage.pair();
    accepted.link.pause();
    dialled.link.write(pattern(200_000));
    await until(() => dialled.link.bufferedBytes === 0);
    let chunks = 0;
    accepted.onChunk = () => {
      chunks++;
      accepted.link[how]();
    };
    accepted.link.resume();
    assert.equal((await accepted.ended()).kind, "closed");
    await dialled.ended();
    assert.deepEqual({ chunks, ends: accepted.ends.length }, { chunks: 1, ends: 1 });
  });

  hazard(`a link may call ${how} when it opens, drains, is accepted and ends`, async (stage) => {
    const opening = stage.dial();
    opening.onOpen = () => {
      opening.opens++;
      opening.link[how]();
    };
    assert.equal((await opening.ended()).kind, "closed");

    const draining = await stage.pair();
    draining.dialled.onDrain = () => draining.dialled.link[how]();
    stage.libc.fullSends = 2;
    assert.equal(draining.dialled.link.write(pattern(3_000_000)), false);
    assert.equal((await draining.dialled.ended()).kind, "closed");

    stage.onAccept = ({ link }) => link[how]();
    const refused = stage.dial();
    assert.match((await refused.ended()).kind, how === "end" ? /^fin$/ : /^reset$/);
    stage.onAccept = () => {};

    const over = await stage.pair();
    const { onEnd } = RecordedLink.prototype;
    over.accepted.onEnd = (end) => {
      over.accepted.link.write(Uint8Array.of(1));
      over.accepted.link[how]();
      onEnd.call(over.accepted, end);
    };
    over.dialled.link.end();
    assert.equal((await over.accepted.ended()).kind, "fin");
    await later(5);
    assert.equal(over.accepted.ends.length, 1);
  });
}
