/**
 * One MQTT.js client for the tests of tests/e2e, controlled by one JSON argument (see real_clients.ts). Prints `ready`
 * once it is connected (and subscribed), each message as a line of JSON, and `published` before it ends. On SIGTERM it
 * sends DISCONNECT and ends.
 */
import mqtt from "mqtt";
import type { Asked } from "./real_clients.ts";

const asked: Asked = JSON.parse(Deno.args[0]!);
const { will } = asked;

const { scheme = "mqtt" } = asked;
const path = scheme.startsWith("ws") ? "/mqtt" : "";

const client = mqtt.connect(`${scheme}://${asked.host}:${asked.port}${path}`, {
  ...asked.tls,
  ...(asked.login && { username: asked.login.username, password: asked.login.password as never }),
  clientId: asked.clientId,
  clean: asked.clean,
  protocolVersion: asked.version,
  reconnectPeriod: 0,
  ...(asked.sessionExpiryS !== undefined && { properties: { sessionExpiryInterval: asked.sessionExpiryS } }),
  ...(will && {
    will: {
      ...will,
      payload: new TextEncoder().encode(will.payload) as never,
      ...(will.delayS !== undefined && { properties: { willDelayInterval: will.delayS } }),
    },
  }),
});

client.on("message", (topic, payload, { qos, retain }) => {
  say(JSON.stringify({ topic, payload: payload.toString(), qos, retain }));
});
client.on("error", (error) => {
  say(`refused: ${error.message}`);
  Deno.exit(1);
});
Deno.addSignalListener("SIGTERM", () => void leave());
client.on("connect", async () => {
  if (asked.subscribe) await client.subscribeAsync(asked.subscribe.filter, { qos: asked.subscribe.qos });
  if (!asked.publish) return say("ready");
  const { topic, payload, qos, retain } = asked.publish;
  await client.publishAsync(topic, payload, { qos, retain });
  say("published");
  await leave();
});

async function leave(): Promise<void> {
  await client.endAsync();
  Deno.exit(0);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
