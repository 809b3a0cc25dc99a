/**
 * Our own broker with each limit that the standard leaves to a server, under a manual clock: a limit violates no rule,
 * so no case fails. A case beyond the limit is not testable, with a reason that names the limit.
 * tests/e2e/limits_test.ts does the same between processes, and with other brokers.
 */
import assert from "node:assert/strict";
import type { CoreOptions } from "../../src/broker/options/options.ts";
import { checkInMemory, ourCore } from "../support/brokers/checked_broker.ts";

const limited: Readonly<Record<string, CoreOptions>> = {
  "no limit": {},
  "--max-qos 0": { maximumQoS: 0 },
  "--max-qos 1": { maximumQoS: 1 },
  "--retain no": { retainAvailable: false },
  "--max-packet-size 300": { limits: { maximumPacketSizeBytes: 300 } },
  "--max-packet-size 4096": { limits: { maximumPacketSizeBytes: 4_096 } },
  "--max-topic-length 200": { limits: { topicBytes: 200 } },
  "--max-topic-levels 5": { limits: { topicLevels: 5 } },
  "--max-will-payload 512": { limits: { willPayloadBytes: 512 } },
  "--max-will-payload 100": { limits: { willPayloadBytes: 100 } },
  "--max-connect-rate 100": { limits: { connectsPerSecond: 100 } },
  "--max-connect-rate 200": { limits: { connectsPerSecond: 200 } },
  "--max-connect-rate 20": { limits: { connectsPerSecond: 20 } },
  "--max-connections 30": { limits: { connections: 30 } },
  "--max-sessions 30": { limits: { sessions: 30 } },
  "--max-queue-messages 5": { limits: { outboxMessages: 5 } },
  "--receive-maximum 1": { limits: { receiveMaximum: 1 } },
  "--max-inflight 1": { limits: { inflight: 1 } },
  "--topic-alias-maximum 0": { limits: { topicAliasMaximum: 0 } },
  "--max-subscriptions 2": { limits: { subscriptionsPerSession: 2 } },
  "--max-client-id-length 23": { limits: { clientIdLength: 23 } },
  "client identifiers of 1 to 23 letters and digits alone": {
    authenticate: ({ clientId }) => /^[0-9A-Za-z]{1,23}$/.test(clientId) ? "accept" : "bad-credentials",
  },
  "--max-retained 5": { limits: { retainedMessages: 5 } },
  "--max-user-properties 1": { limits: { userProperties: 1 } },
  "--max-filters 3": { limits: { filters: 3 } },
  "--max-filter-levels 12": { limits: { filterLevels: 12 } },
  "--server-keep-alive 1": { serverKeepAliveS: 1 },
  "--server-keep-alive 0": { serverKeepAliveS: 0 },
};

for (const [name, options] of Object.entries(limited)) {
  Deno.test(`check: a broker with ${name} fails no case`, async () => {
    const { cases, counts } = await checkInMemory(ourCore(options), { quick: true });
    const failed = cases.filter(({ outcome }) => outcome === "fail");
    assert.deepEqual(failed.map(({ id, protocol, reason }) => `${id} in ${protocol}: ${reason}`), []);
    assert.ok(counts.pass > 100, `${counts.pass} cases passed`);
  });
}
