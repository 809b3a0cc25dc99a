import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { coreSettings, defaultLimits } from "../../../src/broker/options/options.ts";
import { eachCase } from "../../support/steps.ts";

Deno.test("options: limits are whole numbers in their range", async (t) => {
  const cases = [{ connections: 0 }, { inflight: 65_536 }, { outboxBytes: 1.5 }, { receiveMaximum: -1 }] as const;
  await eachCase(t, cases, (limits) => {
    assert.throws(() => coreSettings({ limits }, () => ""), UsageError);
  });
  assert.throws(() => coreSettings({ limits: { sessions: NaN } }, () => ""), {
    message: /^Cannot use limit sessions = NaN: expected a whole number from 1 to/,
  });
});

Deno.test("options: an absent option has its default", () => {
  const settings = coreSettings({ limits: { connections: 5 } }, () => "id");
  assert.equal(settings.limits.connections, 5);
  assert.equal(settings.limits.outboxBytes, defaultLimits.outboxBytes);
  assert.equal(settings.newClientId(), "id");
  assert.equal(settings.authenticate({ clientId: "", username: undefined, password: undefined, peer: "" }), "accept");
});
