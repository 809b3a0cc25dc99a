/**
 * The claims of profiles, tested over raw sockets that share no code with mqtt-sim: the test fails when a broker
 * behaves differently from its profile. docs/deviations.md has the findings.
 */
import assert from "node:assert/strict";
import { ejabberd, login, startEjabberd } from "../support/brokers/ejabberd_peer.ts";
import { mosquitto, peerTest, startAedes, startMosquitto, startOurs } from "../support/brokers/peers.ts";
import { rabbitmq, startRabbitmq } from "../support/brokers/rabbitmq_peer.ts";
import { type RawDeath, rawDeaths } from "../support/clients/raw_deaths.ts";

/** The observed will: none, one at once, or one about this many seconds after the end. */
type Expected = "none" | "at once" | { readonly afterS: readonly [from: number, to: number] };
type Finding = readonly [what: string, death: RawDeath, expected: Expected];

const lasting = { version: 5, clean: false, sessionExpiryS: 60 } as const;
const brief = { version: 5, clean: true } as const;
const disconnect = (reasonCode: number) => [0xe0, 1, reasonCode];

const mosquittoFindings: readonly Finding[] = [
  ["reset: the control", { ...brief, end: "reset" }, "at once"],
  ["taken over, both lasting, no delay", { ...lasting, end: "takeover", back: { clean: false } }, "none"],
  ["taken over in 3.1.1, both lasting", { version: 4, clean: false, end: "takeover", back: { clean: false } }, "none"],
  ["taken over with Clean Start", { ...lasting, end: "takeover", back: { clean: true } }, "at once"],
  [
    "taken over in 3.1.1 with Clean Session",
    { version: 4, clean: false, end: "takeover", back: { clean: true } },
    "at once",
  ],
  ["taken over, no session", { ...brief, end: "takeover", back: { clean: true } }, "at once"],
  [
    "taken over, no session, by one that would resume",
    { ...brief, end: "takeover", back: { clean: false } },
    "at once",
  ],
  ["taken over in 3.1.1, no session", { version: 4, clean: true, end: "takeover", back: { clean: true } }, "at once"],
  ["DISCONNECT 0x80", { ...brief, end: disconnect(0x80) }, "none"],
  ["DISCONNECT 0x93", { ...brief, end: disconnect(0x93) }, "none"],
  ["DISCONNECT 0x04", { ...brief, end: disconnect(0x04) }, "at once"],
  ["DISCONNECT 0x04, delayed", { ...lasting, willDelayS: 2, end: disconnect(0x04) }, { afterS: [2, 4] }],
  ["a second CONNECT", { ...brief, end: "second-connect" }, "none"],
  ["a second CONNECT in 3.1.1", { version: 4, clean: true, end: "second-connect" }, "none"],
  ["delayed", { ...lasting, willDelayS: 2, end: "reset" }, { afterS: [2, 4] }],
  [
    "delayed, and resumed before",
    { ...lasting, willDelayS: 3, end: "reset", back: { clean: false, afterMs: 500 } },
    "none",
  ],
  ["delayed, and back with Clean Start", {
    ...lasting,
    willDelayS: 3,
    end: "reset",
    back: { clean: true, afterMs: 500 },
  }, "none"],
  [
    "delayed, taken over with Clean Start",
    { ...lasting, willDelayS: 3, end: "takeover", back: { clean: true } },
    "none",
  ],
  ["a delay without a session", { ...brief, willDelayS: 3, end: "reset" }, { afterS: [3, 5] }],
  ["a delay longer than the session", { ...lasting, sessionExpiryS: 2, willDelayS: 20, end: "reset" }, {
    afterS: [2, 4],
  }],
];

function asExpected(seenMs: readonly number[], expected: Expected): boolean {
  if (expected === "none") return seenMs.length === 0;
  const [fromS, toS] = expected === "at once" ? [-0.1, 1.5] : expected.afterS;
  return seenMs.length === 1 && seenMs[0]! >= fromS * 1_000 - 50 && seenMs[0]! <= toS * 1_000;
}

const brief4 = { version: 4, clean: true } as const;

const rabbitmqFindings: readonly Finding[] = [
  ["reset: the control", { ...brief4, end: "reset" }, "at once"],
  ["taken over", { ...brief4, end: "takeover", back: { clean: true } }, "none"],
  ["taken over, both lasting", { version: 4, clean: false, end: "takeover", back: { clean: false } }, "none"],
  ["a second CONNECT, while keep alive has not passed", { ...brief4, end: "second-connect" }, "none"],
  ["silent: 1.5 to 3 times keep alive", { ...brief4, keepAliveS: 2, end: "silence" }, { afterS: [3, 7.5] }],
  ["a PUBLISH of QoS 3, then FIN", { ...brief4, end: [0x36, 7, 0, 1, 0x61, 0, 1, 0, 0] }, "none"],
];

const aedesFindings: readonly Finding[] = [
  ["reset: the control", { ...brief4, end: "reset" }, "at once"],
  ["taken over", { ...brief4, end: "takeover", back: { clean: true } }, "at once"],
  ["taken over, both lasting", { version: 4, clean: false, end: "takeover", back: { clean: false } }, "at once"],
  ["a second CONNECT", { ...brief4, end: "second-connect" }, "at once"],
  ["silent: 1.5 times keep alive", { ...brief4, keepAliveS: 2, end: "silence" }, { afterS: [3, 5] }],
];

const ejabberdFindings: readonly Finding[] = [
  ["reset: the control", { ...brief, end: "reset" }, "at once"],
  ["taken over, both lasting, no delay", { ...lasting, end: "takeover", back: { clean: false } }, "at once"],
  ["taken over with Clean Start", { ...lasting, end: "takeover", back: { clean: true } }, "at once"],
  ["DISCONNECT 0x80", { ...brief, end: disconnect(0x80) }, "at once"],
  ["DISCONNECT 0x04", { ...brief, end: disconnect(0x04) }, "at once"],
  ["a second CONNECT", { ...brief, end: "second-connect" }, "at once"],
  ["delayed", { ...lasting, willDelayS: 2, end: "reset" }, { afterS: [2, 4] }],
  [
    "delayed, and back with Clean Start",
    { ...lasting, willDelayS: 4, end: "reset", back: { clean: true, afterMs: 500 } },
    { afterS: [0.5, 3.5] },
  ],
  ["a delay without a session", { ...brief, willDelayS: 3, end: "reset" }, "at once"],
];

async function hold(port: number, findings: readonly Finding[], who = {}): Promise<void> {
  const sights = await rawDeaths(port, findings.map(([, death]) => death), 9_000, who);
  const wrong = findings.flatMap(([what, , expected], place) => {
    const seen = sights[place]!;
    if (asExpected(seen, expected)) return [];
    return [`${what}: expected ${JSON.stringify(expected)}, seen after ${JSON.stringify(seen.map(Math.round))} ms`];
  });
  assert.deepEqual(wrong, []);
}

peerTest("mosquitto deviates as its profile says", [mosquitto], async () => {
  await using broker = await startMosquitto();
  await hold(broker.port, mosquittoFindings);
});

peerTest("RabbitMQ deviates as its profile says", [rabbitmq], async () => {
  await using broker = await startRabbitmq();
  await hold(broker.port, rabbitmqFindings);
}, 180_000);

peerTest("ejabberd deviates as its profile says", [ejabberd], async () => {
  await using broker = await startEjabberd();
  await hold(broker.port, ejabberdFindings, login);
}, 120_000);

peerTest("aedes deviates as its profile says", [], async () => {
  await using broker = await startAedes();
  await hold(broker.port, aedesFindings);
});

/**
 * Odd keep alives in seconds: mosquitto rounds the half of each down. With this many clients some meet the whole
 * second.
 */
const oddKeepAlives: readonly RawDeath[] = Array.from({ length: 60 }, (_, number) => ({
  ...brief,
  keepAliveS: number % 2 === 0 ? 1 : 3,
  end: "silence",
}));

peerTest(
  "mosquitto: wills of silent clients are up to 0.5 s early with an odd keep alive, and up to 7 s late",
  [mosquitto],
  async () => {
    await using broker = await startMosquitto();
    const sights = await rawDeaths(broker.port, oddKeepAlives, 13_000);
    sights.forEach((seenMs, number) => {
      const dueMs = oddKeepAlives[number]!.keepAliveS! * 1_500;
      assert.equal(seenMs.length, 1);
      assert.ok(seenMs[0]! >= dueMs - 500 - 50 && seenMs[0]! <= dueMs + 8_000, `due at ${dueMs} ms, came at ${seenMs}`);
    });
  },
);

peerTest("mosquitto: a delayed will waits behind a stream of shorter delays", [mosquitto], async () => {
  await using broker = await startMosquitto();
  const stream = (async () => {
    for (let turn = 0; turn < 16; turn++) {
      await rawDeaths(broker.port, [{ ...lasting, willDelayS: 2, end: "reset" }], 500);
    }
  })();
  const [[seenMs] = []] = await rawDeaths(broker.port, [{ ...lasting, willDelayS: 4, end: "reset" }], 14_000);
  await stream;
  // The stream ends after 8 s; its last will is due 2 s later.
  assert.ok(seenMs !== undefined && seenMs > 7_000, `due after 4 s, came after ${seenMs} ms`);
});

peerTest(
  "mosquitto: drops a delayed will that waits behind others when its client returns",
  [mosquitto],
  async () => {
    await using broker = await startMosquitto();
    const delayed = { ...lasting, willDelayS: 2, end: "reset" } as const;
    const stream = (async () => {
      for (let turn = 0; turn < 10; turn++) await rawDeaths(broker.port, [delayed], 500);
    })();
    const back = { clean: false, afterMs: 3_500 };
    const [kept = [], dropped = []] = await rawDeaths(broker.port, [delayed, { ...delayed, back }], 9_000);
    await stream;
    assert.equal(kept.length, 1, "the one whose client stays away comes, late");
    assert.equal(dropped.length, 0, `due after 2 s, its client back after 3.5 s: came after ${dropped} ms`);
    const [alone = []] = await rawDeaths(broker.port, [{ ...delayed, back: { ...back, afterMs: 4_500 } }], 3_000);
    assert.equal(alone.length, 1, "without others it comes before its client does");
  },
);

interface Told {
  readonly verdict: string;
  readonly wills: { readonly deviating: number; readonly missing: number };
  readonly described?: Readonly<Record<string, number>>;
  readonly broker?: string;
  readonly profile?: {
    readonly deviations: readonly { readonly id: string; readonly lives: number; readonly seen: number }[];
  };
}

async function fleet(url: string, ...flags: readonly string[]): Promise<[Told, text: string]> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const kills = ["--kill-mode", "reset,disconnect-error,second-connect,leave", "--protocol", "5"];
  const size = ["--clients", "60", "--kill-rate", "20/s", "--duration", "3s", "--reconnect-after", "never"];
  await using run = startOurs(["fleet", "--url", url, "--seed", "3", ...kills, ...size, ...flags, "--report", path]);
  await run.exit(60_000);
  const report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  return [report, run.lines.join("\n")];
}

peerTest(
  "a fleet on mosquitto fails, names the profile that describes the faults, and passes with it",
  [mosquitto],
  async () => {
    await using broker = await startMosquitto();
    const [strict, text] = await fleet(broker.url);
    assert.equal(strict.verdict, "fail");
    assert.match(strict.broker ?? "", /^mosquitto version/);
    assert.equal(strict.described?.mosquitto, strict.wills.missing);
    assert.match(text.replaceAll(/\s+/g, " "), /faults are what profile mosquitto describes: --profile mosquitto/);
    const [known] = await fleet(broker.url, "--profile", "mosquitto");
    assert.deepEqual({ verdict: known.verdict, missing: known.wills.missing, deviating: known.wills.deviating }, {
      verdict: "pass",
      missing: 0,
      deviating: strict.wills.missing,
    });
    for (const id of ["disconnect-error", "second-connect"]) {
      const { lives, seen } = known.profile!.deviations.find((each) => each.id === id)!;
      assert.ok(seen > 0 && seen === lives, `${id}: ${seen} of ${lives}`);
    }
    const [other] = await fleet(broker.url, "--profile", "emqx");
    assert.deepEqual(
      [other.verdict, other.wills.deviating],
      ["fail", 0],
      "what a profile does not describe still fails",
    );
  },
  120_000,
);
