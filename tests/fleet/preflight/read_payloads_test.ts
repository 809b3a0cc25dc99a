import assert from "node:assert/strict";
import { willOf } from "../../../src/fleet/life/life.ts";
import { presenceMessage } from "../../../src/fleet/life/presence_message.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { payloadNotice, withPayloads } from "../../../src/fleet/preflight/read_payloads.ts";
import { aLife } from "../sample_life.ts";

async function withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, bytes);
  return await use(path).finally(() => Deno.remove(path));
}

const plan = (request: Partial<PlanRequest>) => makePlan({ seed: 1, run: "r1", ...request });
const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("payloads: a text has the values of the client in place of its placeholders", async () => {
  const own = await withPayloads(plan({ willPayload: '{"id":"{id}","n":{client:03},"life":{incarnation},"{x}":{}}' }));
  const { payload, properties } = willOf(own, aLife({ client: 7, incarnation: 2, version: 5 }));
  assert.equal(new TextDecoder().decode(payload), '{"id":"mqtt-sim-r1-7","n":007,"life":2,"{x}":{}}');
  assert.deepEqual([properties!.payloadFormatIndicator, properties!.contentType], [1, "text/plain"]);
});

Deno.test("payloads: a binary file is sent byte by byte, and not declared to be text", async () => {
  const bytes = Uint8Array.of(0x08, 0x96, 0x01, 0x00, 0xff, 0xfe, 0x0a, 0xc3, 0x28);
  await withFile(bytes, async (path) => {
    const own = await withPayloads(plan({ willPayload: `@${path}` }));
    const { payload, properties } = willOf(own, aLife({ version: 5 }));
    assert.deepEqual(payload, bytes);
    assert.deepEqual([properties!.payloadFormatIndicator, properties!.contentType], [0, "application/octet-stream"]);
  });
});

Deno.test("payloads: the birth of a client has its own payload, and its leave that of the will", () => {
  const own = plan({
    presence: true,
    willPayload: "offline {client}",
    birthPayload: "online",
    willTopic: "d/{client}",
  });
  const life = aLife({ client: 4, version: 4 });
  assert.deepEqual(presenceMessage(own, life, "online").payload, utf8("online"));
  assert.deepEqual(presenceMessage(own, life, "left").payload, utf8("offline 4"));
});

const same = utf8("on");
Deno.test("payloads: a file that cannot be used is refused in one sentence", async () => {
  await withFile(new Uint8Array(65_536), async (path) => {
    await assert.rejects(withPayloads(plan({ willPayload: `@${path}` })), {
      message: `Cannot use --will-payload @${path}: expected a file of at most 65,535 bytes`,
    });
  });
  await withFile(new Uint8Array(0), async (path) => {
    await assert.rejects(
      withPayloads(plan({ willPayload: `@${path}`, willRetain: true })),
      /^UsageError: Cannot use --will-payload @.*: expected at least one byte/,
    );
    assert.equal(willOf(await withPayloads(plan({ willPayload: `@${path}` })), aLife()).payload.length, 0);
  });
  await withFile(same, async (path) => {
    const both = plan({ presence: true, willPayload: "on", birthPayload: `@${path}` });
    await assert.rejects(withPayloads(both), /^UsageError: Cannot use --birth-payload @.*: expected another payload/);
  });
  await assert.rejects(withPayloads(plan({ willPayload: "@/no/such/file" })), {
    message: "Cannot read --will-payload @/no/such/file: there is no such file; expected @ and the path of a file",
  });
});

Deno.test("payloads: the run reports which verdicts are weaker, where a will names no life", () => {
  const notice = (request: Partial<PlanRequest>, protocol: "3.1.1" | "5" | "mix") =>
    payloadNotice(new Groups(plan(request), protocol));
  assert.match(notice({ willPayload: "offline" }, "mix")!.text, /identified by topic, client and time/);
  assert.equal(notice({ willPayload: "offline" }, "5"), undefined);
  assert.equal(notice({ willPayload: "offline {incarnation}" }, "3.1.1"), undefined);
  assert.equal(notice({}, "3.1.1"), undefined);
});
