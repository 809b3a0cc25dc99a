/**
 * The operator's actions over HTTP: authorization, requests and effects. On real sockets, because requests arrive over
 * HTTP.
 */
import assert from "node:assert/strict";
import http from "node:http";
import { UsageError } from "../../../src/base/failure.ts";
import { AdminToken } from "../../../src/broker/access/admin_token.ts";
import { startMonitor } from "../../../src/broker/monitor/monitor.ts";
import { StoreError } from "../../../src/broker/store/store.ts";
import { aWill, Stage } from "../stage.ts";
import { Lives } from "../store/lives.ts";
import { build, monitored } from "./monitored.ts";
import { eachCase } from "../../support/steps.ts";

const token = "a-token-of-the-operator";
const bearer = { authorization: `Bearer ${token}` };

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: http.IncomingHttpHeaders;
}

type Ask = (asked: Asked) => Promise<Answer>;

async function tokenOf(text = token): Promise<AdminToken> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await AdminToken.open(path);
  } finally {
    await Deno.remove(path);
  }
}

async function served(
  stage: Stage,
  look: (ask: Ask) => Promise<void>,
  more: { readonly isOff?: boolean; readonly allowOrigins?: readonly string[] } = {},
): Promise<void> {
  const { isOff = false, allowOrigins } = more;
  const adminToken = isOff ? undefined : await tokenOf();
  const monitor = await startMonitor(monitored(stage), { host: "127.0.0.1", port: 0, build, adminToken, allowOrigins });
  try {
    await look((asked) => sent(Number(new URL(monitor.url).port), asked));
  } finally {
    await monitor.stop();
  }
}

/** Sends a request without normalizing its path, unlike `fetch`. */
function sent(port: number, { method = "DELETE", path, headers = bearer }: Asked): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = http.request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => text += part);
    response.on("end", () => resolve({ status: response.statusCode!, text, headers: response.headers }));
  });
  request.on("error", reject);
  request.end();
  return promise;
}

/** Connects a client with a will and a lasting session, and publishes a retained message. */
function populated(): Stage {
  const stage = new Stage();
  stage.connect({ clientId: "a", will: aWill(), properties: { sessionExpiryIntervalS: 60 } });
  stage.connect({ clientId: "sender" }).publish("t", "x", { retain: true });
  return stage;
}

const isAsBefore = ({ core }: Stage) =>
  core.metrics.online === 2 && core.sessions.size === 2 && core.metrics.retainedHeld === 1;

const paths = ["/clients/a", "/sessions/a", "/retained/t"];

Deno.test("operator: with the token the broker does each action and answers 204", async () => {
  const stage = populated();
  await served(stage, async (ask) => {
    for (const path of paths) {
      const { status, text } = await ask({ path });
      assert.deepEqual({ status, text }, { status: 204, text: "" }, path);
    }
    stage.settle();
    const { metrics, sessions } = stage.core;
    assert.deepEqual({ online: metrics.online, sessions: sessions.size, retainedHeld: metrics.retainedHeld }, {
      online: 1,
      sessions: 1,
      retainedHeld: 0,
    });
    assert.deepEqual(metrics.operatorActions, { disconnect: 1, "end-session": 1, "clear-retained": 1 });
    const counted = await ask({ path: "/metrics", method: "GET" });
    assert.match(counted.text, /^mqtt_sim_broker_operator_actions_total\{action="end-session"\} 1$/m);
    assert.match(counted.text, /^mqtt_sim_broker_connections_ended_total\{ending="administrative"\} 1$/m);
  });
});

Deno.test("operator: an unknown client, session or topic is 404 in one sentence", async () => {
  await served(populated(), async (ask) => {
    const sentences = {
      "/clients/b": "no client with this identifier is connected\n",
      "/sessions/b": "no session exists for this client identifier\n",
      "/retained/t/t": "the topic has no retained message\n",
    };
    for (const [path, sentence] of Object.entries(sentences)) {
      const { status, text } = await ask({ path });
      assert.deepEqual({ status, text }, { status: 404, text: sentence });
    }
    for (const path of ["/clients/", "/clients", "/wills/a", "/", "/constructor/a", "/clients?a"]) {
      const { status } = await ask({ path });
      assert.ok(status === 404 || status === 405, `${path}: ${status}`);
    }
  });
});

const unauthorised: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "no token": {},
  "a wrong token": { authorization: "Bearer a-token-of-the-operatoR" },
  "a part of the token": { authorization: `Bearer ${token.slice(0, -1)}` },
  "the token in another scheme": { authorization: `Basic ${token}` },
  "the token alone": { authorization: token },
};
for (const [name, headers] of Object.entries(unauthorised)) {
  Deno.test(`operator: ${name} is 401, is counted, and changes nothing`, async () => {
    const stage = populated();
    await served(stage, async (ask) => {
      for (const path of [...paths, "/clients/nobody"]) {
        const { status, text, headers: answered } = await ask({ path, headers });
        assert.equal(status, 401, path);
        assert.match(text, /^(no|wrong) token; expected Authorization: Bearer TOKEN\n$/);
        assert.equal(answered["www-authenticate"], "Bearer");
      }
      assert.ok(isAsBefore(stage));
      assert.equal(stage.core.metrics.operatorRefused, 4);
      assert.match(stage.logged[0]!, /^warn: Refused an operator action from 127\.0\.0\.1:\d+: (no|wrong) token$/);
      assert.ok(!stage.logged.join().includes(token.slice(0, -1)));
    });
  });
}

Deno.test("operator: many wrong tokens write few log lines, and then a count", async () => {
  const stage = populated();
  await served(stage, async (ask) => {
    // deno-lint-ignore no-await-in-loop
    for (let each = 0; each < 12; each++) await ask({ path: "/clients/a", headers: unauthorised["a wrong token"]! });
    assert.equal(stage.logged.length, 5);
    stage.advance(10_000);
    assert.equal(
      stage.logged.at(-1),
      "warn: 7 more refused requests for operator actions within 10s are not in the log",
    );
  });
});

const fromBrowsers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a name that was made to resolve to this machine": { host: "evil.example" },
  "a page of another site": { origin: "https://evil.example" },
  "a page without an origin": { origin: "null" },
};
for (const [name, headers] of Object.entries(fromBrowsers)) {
  Deno.test(`operator: the broker refuses ${name} with 403 even with the token`, async () => {
    const stage = populated();
    await served(stage, async (ask) => {
      for (const path of paths) {
        const answer = await ask({ path, headers: { ...bearer, ...headers } });
        assert.equal(answer.status, 403, path);
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
      }
      assert.ok(isAsBefore(stage));
    });
  });
}

Deno.test("operator: a page of an allowed origin needs the token, and no preflight allows it to send one", async () => {
  const stage = populated();
  const origin = "https://app.example";
  await served(stage, async (ask) => {
    assert.equal((await ask({ path: "/clients/a", headers: { origin } })).status, 401);
    const preflight = await ask({
      method: "OPTIONS",
      path: "/clients/a",
      headers: { origin, "access-control-request-method": "DELETE", "access-control-request-headers": "authorization" },
    });
    assert.equal(preflight.status, 405);
    assert.deepEqual(Object.keys(preflight.headers).filter((name) => name.startsWith("access-control")), []);
    assert.ok(isAsBefore(stage));
  }, { allowOrigins: [origin] });
});

Deno.test("operator: no other method and no method header starts an action", async () => {
  const stage = populated();
  await served(stage, async (ask) => {
    for (const path of paths) {
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH"]) {
        const override = { "x-http-method-override": "DELETE", "x-method-override": "DELETE" };
        const { status, headers } = await ask({ method, path, headers: { ...bearer, ...override } });
        assert.equal(status, 405, `${method} ${path}`);
        assert.match(headers.allow!, /\bDELETE\b/);
      }
    }
    for (const path of ["/status", "/metrics", "/healthz", "/status?_method=DELETE"]) {
      const { status, headers } = await ask({ path });
      assert.deepEqual({ status, allow: headers.allow }, { status: 405, allow: "GET, HEAD" }, path);
    }
    assert.ok(isAsBefore(stage));
  });
});

Deno.test("operator: without --admin-token the broker refuses each action with 403", async () => {
  const stage = populated();
  await served(stage, async (ask) => {
    for (const path of paths) {
      const { status, text } = await ask({ path });
      assert.deepEqual([status, /--admin-token FILE\n$/.test(text)], [403, true], path);
    }
    assert.ok(isAsBefore(stage));
  }, { isOff: true });
});

Deno.test("operator: the broker refuses a token together with an address that is not loopback", async (t) => {
  const adminToken = await tokenOf();
  await eachCase(t, ["0.0.0.0", "::", "192.0.2.1", "broker.example"], async (host) => {
    await assert.rejects(
      startMonitor(monitored(new Stage()), { host, port: 0, build, adminToken }),
      (error) => error instanceof UsageError && error.message.startsWith(`Cannot accept operator actions on ${host}: `),
    );
  });
});

const names: readonly [name: string, path: string][] = [
  ["home/kitchen", "home/kitchen"],
  ["home/kitchen", "home%2Fkitchen"],
  ["/lead//double/", "/lead//double/"],
  ["..", ".."],
  ["..", "%2E%2E"],
  ["a/../b", "a/../b"],
  ["a/./b", "a%2F.%2Fb"],
  ["with space?&=", "with%20space%3F%26%3D"],
  ["ü😀", "%C3%BC%F0%9F%98%80"],
  ["100%", "100%25"],
];
for (const [topic, path] of names) {
  Deno.test(`operator: the path ${path} names exactly the topic ${topic}`, async () => {
    const stage = new Stage();
    const sender = stage.connect({ clientId: "sender" });
    const all = new Set([topic, "b", "a", "a/b", "home", "lead/double", "..b"]);
    for (const each of all) sender.publish(each, "x", { retain: true });
    await served(stage, async (ask) => {
      assert.equal((await ask({ path: `/retained/${path}` })).status, 204);
    });
    all.delete(topic);
    const left = stage.connect({ clientId: "late" }).subscribe("#", { qos: 0 }).messages;
    assert.deepEqual(left.sort(), [...all].map((each) => `${each} x`).sort());
  });
}

Deno.test("operator: a client identifier may contain characters that a topic may not", async () => {
  const stage = new Stage();
  for (const clientId of ["a+b", "a b", "#"]) stage.connect({ clientId });
  await served(stage, async (ask) => {
    assert.equal((await ask({ path: "/clients/a+b" })).status, 204);
    assert.equal((await ask({ path: "/clients/%23" })).status, 204);
  });
  stage.settle();
  assert.deepEqual([...stage.core.sessions.values()].map(({ clientId }) => clientId), ["a b"]);
});

Deno.test("operator: an undecodable name and a topic filter are 400 in one sentence", async () => {
  const stage = populated();
  await served(stage, async (ask) => {
    for (const path of ["/clients/%", "/clients/%ff", "/sessions/%C3", "/retained/+", "/retained/t/%23"]) {
      const { status, text } = await ask({ path });
      assert.deepEqual([status, text.split("\n").length], [400, 2], path);
    }
    assert.ok(isAsBefore(stage));
  });
});

Deno.test("operator: an action that the store cannot save is 503, and is saved when the store works again", async () => {
  using lives = new Lives();
  const { stage } = lives;
  const { store } = stage.core;
  stage.connect({ clientId: "sender" }).publish("t", "x", { retain: true });
  stage.settle();
  const commit = store.commit.bind(store);
  await served(stage, async (ask) => {
    store.commit = () => {
      throw new StoreError("no space", true);
    };
    assert.equal((await ask({ path: "/retained/t" })).status, 503);
    store.commit = commit;
    stage.advance(1_000);
    assert.equal((await ask({ path: "/retained/t" })).status, 404);
  });
  assert.equal(lives.restart().core.metrics.retainedHeld, 0);
});
