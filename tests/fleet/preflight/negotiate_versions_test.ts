/** The preflight reports what a server does in place of an answer to the first CONNECT. */
import assert from "node:assert/strict";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { probeConnect } from "../../../src/fleet/preflight/probe_connect.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { negotiateVersions, type Versions } from "../../../src/fleet/preflight/negotiate_versions.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";

/** Answers the first bytes of each connection with bytes, or closes it. */
type Answer = (level: number, tries: number) => readonly number[] | "close" | "reset";

/** The offset of the protocol level in a CONNECT whose Remaining Length takes one byte. */
const levelAt = 8;

async function settledWith(answer: Answer, request: Partial<PlanRequest> = {}): Promise<Versions & { url: string }> {
  let tries = 0;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes: Uint8Array) => {
      const answered = answer(bytes[levelAt]!, ++tries);
      if (answered === "reset") socket.resetAndDestroy();
      else if (answered === "close") socket.end();
      else socket.write(Uint8Array.from(answered));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const target = parseEndpoint(`mqtt://127.0.0.1:${port}`);
  try {
    const plan = makePlan({ seed: 1, run: "greet", ...request });
    const run = { plan, target, brokerInProcess: false };
    const settled = await negotiateVersions(run, () => {}, (version) => probeConnect(run, version));
    return { ...settled, url: target.url };
  } finally {
    server.close();
  }
}

const accepted = (level: number) => level === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0];

const voids: readonly [what: string, Answer, Partial<PlanRequest>, (url: string) => string, notSpoken?: true][] = [
  [
    "a malformed CONNACK of 5.0, auto",
    (level) => level === 5 ? [0x20, 3, 2, 0, 0] : accepted(level),
    {},
    (url) =>
      `${url} answers a CONNECT of MQTT 5.0 with a malformed CONNACK, which is a fault of the broker (CONNACK: reserved ` +
      "acknowledge flags are set); --protocol 3.1.1 tests it without MQTT 5.0",
  ],
  [
    "a malformed CONNACK of 5.0, --protocol 5",
    () => [0x20, 2, 0, 0],
    { protocol: "5" },
    (url) =>
      `${url} answers a CONNECT of MQTT 5.0 with a malformed CONNACK, which is a fault of the broker (CONNACK: a field ` +
      "exceeds its end); --protocol 3.1.1 tests it without MQTT 5.0",
  ],
  [
    "a property that no CONNACK may have",
    () => [0x20, 5, 0, 0, 2, 0x0b, 1],
    { protocol: "5" },
    (url) =>
      `${url} answers a CONNECT of MQTT 5.0 with a malformed CONNACK, which is a fault of the broker (CONNACK with the ` +
      "property Subscription Identifier (0x0b), which does not belong there); --protocol 3.1.1 tests it without MQTT 5.0",
  ],
  [
    "a malformed CONNACK of 3.1.1",
    () => [0x20, 2, 0x10, 0],
    { protocol: "3.1.1" },
    (url) =>
      `${url} answers a CONNECT of MQTT 3.1.1 with a malformed CONNACK, which is a fault of the broker (CONNACK: ` +
      "reserved acknowledge flags are set)",
  ],
  [
    "a close without CONNACK",
    () => "close",
    {},
    (url) => `${url}: the broker closed the connection without a CONNACK`,
  ],
  [
    "a reset without CONNACK, --protocol 5",
    () => "reset",
    { protocol: "5" },
    (url) => `${url}: the broker reset the connection without a CONNACK`,
  ],
  [
    "a TLS alert",
    () => [0x15, 3, 3, 0, 2, 2, 70],
    { protocol: "5" },
    (url) => `${url} answers a CONNECT of MQTT 5.0 with bytes that are not MQTT (CONNECT: `,
  ],
  [
    "5.0 refused by version, --protocol 5",
    (level) => level === 5 ? [0x20, 2, 0, 1] : accepted(level),
    { protocol: "5" },
    (url) => `${url} does not support MQTT 5.0; try --protocol 3.1.1`,
    true,
  ],
  [
    "5.0 closed, 3.1.1 accepted, --protocol 5",
    (level) => level === 5 ? "close" : accepted(level),
    { protocol: "5" },
    (url) => `${url} does not support MQTT 5.0; try --protocol 3.1.1`,
    true,
  ],
  [
    "Session Present 1 after Clean Start 1",
    () => [0x20, 3, 1, 0, 0],
    { protocol: "5" },
    (url) => `${url}: the broker announced Session Present 1 to a client that had not requested a session`,
  ],
  [
    "banned, with a reason string and a server reference",
    () => [0x20, 16, 0, 0x8a, 13, 0x1f, 0, 4, 0x6e, 0x6f, 0x70, 0x65, 0x1c, 0, 3, 0x68, 0x3a, 0x31],
    { protocol: "5" },
    (url) => `${url}: the broker refused the CONNECT with 0x8a (Banned), reason string "nope", server reference "h:1"`,
  ],
];
for (const [what, answer, request, sentence, notSpoken] of voids) {
  Deno.test(`section 4: void before the run, with the reason: ${what}`, async () => {
    const settled = await settledWith(answer, request);
    assert.equal(settled.kind, "void");
    if (settled.kind !== "void") return;
    assert.ok(settled.reason.startsWith(sentence(settled.url)), settled.reason);
    assert.equal(settled.notSpoken, notSpoken);
  });
}

Deno.test("section 3: a probe that a limit refuses connects again", async () => {
  const settled = await settledWith((level, tries) => tries < 3 ? [0x20, 3, 0, 0x9f, 0] : accepted(level), {
    protocol: "5",
  });
  assert.equal(settled.kind, "ready");
});

Deno.test("negotiate versions: auto selects 3.1.1 when the broker closes 5.0 and accepts 3.1.1", async () => {
  const settled = await settledWith((level) => level === 5 ? "close" : accepted(level));
  assert.equal(settled.kind === "ready" && settled.protocol, "3.1.1");
});
