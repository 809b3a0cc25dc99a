/** Kill mode refused-login: no will may come, and the open connection stays. */
import assert from "node:assert/strict";
import { textOfBytes } from "../../../src/base/bytes.ts";
import { wrongLogin } from "../../../src/fleet/client/refused_login.ts";
import type { ConnectPacket } from "../../../src/mqtt/packet.ts";
import { FleetStage, type StageOptions } from "../../support/fleet_stage.ts";

const options: StageOptions = {
  killShares: [{ mode: "refused-login", weight: 1 }],
  killRate: { kind: "count", perSecond: 4 },
  durationMs: 10_000,
  protocolSpoken: "mix",
};

function isWrong({ password }: ConnectPacket): boolean {
  return password !== undefined && textOfBytes(password) === wrongLogin.password;
}

Deno.test("refused login: a broker that publishes no will of it passes, and no client loses its connection", () => {
  const stage = new FleetStage(options);
  const result = stage.finish();
  assert.equal(result.verdict, "void", "no will was due in the run");
  assert.deepEqual(result.faults, []);
  const { kills, expected, unwanted } = result.kills.byMode["refused-login"]!;
  assert.deepEqual({ expected, unwanted }, { expected: 0, unwanted: 0 });
  assert.ok(kills >= 30, `${kills} kills`);
  assert.equal(result.clients.lost, 0);
});

Deno.test("refused login: a broker that publishes the will of a refused CONNECT fails, once for each", () => {
  let published = 0;
  const stage: FleetStage = new FleetStage({
    ...options,
    script: {
      connack: (connect) => {
        if (!isWrong(connect)) return 0;
        const { topic, payload, qos, retain, properties } = connect.will!;
        published++;
        stage.broker.route({
          ...{ type: "publish", dup: false, topic, payload, qos, retain },
          ...properties && { properties },
        });
        return connect.protocolVersion === 5 ? 0x86 : 4;
      },
    },
  });
  const result = stage.finish();
  assert.equal(result.verdict, "fail", result.reason);
  assert.ok(published >= 30);
  assert.equal(result.wills.unwanted, published);
  const rules = new Set(result.faults.map(({ rule }) => rule));
  assert.deepEqual([...rules].toSorted(), ["MQTT 3.1.1, 3.1.4-5", "MQTT 5.0, 3.1.4-6"]);
});

Deno.test("refused login: a broker that accepts the wrong password makes the run void", () => {
  const result = new FleetStage({ ...options, script: { connack: () => 0 } }).finish();
  assert.equal(result.verdict, "void");
  assert.match(result.reason, /accepted a wrong password of client \d+ \(kill mode refused-login\)/);
});
