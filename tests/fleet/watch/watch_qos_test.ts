/** The QoS at which watchers subscribe: brokers of clouds support QoS 0 and 1, and some do not answer QoS 2. */
import assert from "node:assert/strict";
import type { Subscription } from "../../../src/mqtt/packet.ts";
import { FleetStage } from "../../support/fleet_stage.ts";

/** Does not answer a SUBSCRIBE with QoS 2, as AWS documents of AWS IoT Core. */
const grant = ({ qos }: Subscription) => qos === 2 ? undefined : qos;
const plan = { killRate: { kind: "count", perSecond: 4 }, durationMs: 2_000 } as const;

for (const presence of [false, true]) {
  const what = presence ? "watchers and readers of presence" : "watchers";

  Deno.test(`watch qos: ${what} subscribe with the Maximum QoS that a 5.0 broker announces`, () => {
    const { verdict, reason, wills } = new FleetStage({
      ...plan,
      ...presence && { presence },
      script: { grant, announce: { maximumQoS: 1 } },
    }).finish();
    assert.equal(verdict, "pass", reason);
    assert.ok(wills.onTime > 0);
  });

  Deno.test(`watch qos: ${what} subscribe with --watch-qos where a 3.1.1 broker cannot announce one`, () => {
    const of311 = { ...plan, ...presence && { presence }, protocol: "3.1.1", protocolSpoken: "3.1.1" } as const;
    const { verdict, reason, wills } = new FleetStage({ ...of311, watchQos: 1, script: { grant } }).finish();
    assert.equal(verdict, "pass", reason);
    assert.ok(wills.onTime > 0);
    assert.equal(new FleetStage({ ...of311, script: { grant } }).finish().verdict, "void");
  });
}

Deno.test("watch qos: the reason names the flag where a broker closes after a SUBSCRIBE with QoS 2", () => {
  const stage = new FleetStage({
    ...plan,
    protocol: "3.1.1",
    protocolSpoken: "3.1.1",
    script: {
      grant: ({ qos }) => {
        if (qos === 2) stage.broker.connections.forEach((each) => each.close("fault"));
        return qos === 2 ? undefined : qos;
      },
    },
  });
  assert.match(stage.finish().reason, /after its SUBSCRIBE with QoS 2; --watch-qos 1 subscribes with QoS 1/);
});
