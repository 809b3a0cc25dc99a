/**
 * What brokers in clouds require of a connection: ALPN, headers of the WebSocket request, and the signature of AWS. A
 * scripted server demands each; the test computes the signature by itself.
 */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { UsageError } from "../../src/base/failure.ts";
import { signedPath } from "../../src/net/aws_signature.ts";
import { dial } from "../../src/net/dial.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { securedEndpoint } from "../../src/net/secured_endpoint.ts";
import { parseWebHeader } from "../../src/net/web_handshake.ts";
import { LinkProbe } from "../support/clients/link_probe.ts";
import { pem, tlsPath } from "../support/tls_fixture.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "s3cret/key+", sessionToken: "token+/=" };
const region = "eu-central-1";
const protocol = "x-amzn-mqtt-ca";

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();

/** The signature of a request, after the steps in the documentation of AWS, without the library of the program. */
function expectedSignature(target: string, host: string): string {
  const [path = "", query = ""] = target.split("?");
  const signed = query.split("&").filter((pair) => !/^X-Amz-(Signature|Security-Token)=/.test(pair)).toSorted();
  const canonical = ["GET", path, signed.join("&"), `host:${host}`, "", "host", hash("")].join("\n");
  const date = /X-Amz-Date=(\w+)/.exec(query)![1]!;
  const scope = `${date.slice(0, 8)}/${region}/iotdevicegateway/aws4_request`;
  const key = scope.split("/").reduce<string | Uint8Array>(hmac, `AWS4${credentials.secretAccessKey}`);
  return hmac(key, ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n")).toString("hex");
}

/** Why the server refuses a request; undefined if it has all that the server demands. */
function refusalOf(head: string, alpn: string | false | null): string | undefined {
  if (alpn !== protocol) return `ALPN is ${alpn}`;
  const [first = "", ...lines] = head.split("\r\n");
  if (!lines.includes("x-api-key: a=b c")) return "no header";
  const host = lines.find((line) => line.startsWith("Host: "))!.slice(6);
  const target = first.split(" ")[1]!;
  const parameters = new URLSearchParams(target.split("?")[1]);
  if (parameters.get("X-Amz-Security-Token") !== credentials.sessionToken) return "no token";
  if (parameters.get("X-Amz-Signature") !== expectedSignature(target, host)) return "another signature";
  return undefined;
}

function answerTo(head: string, why: string | undefined): string {
  if (why !== undefined) return `HTTP/1.1 403 ${why}\r\n\r\n`;
  const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(head)![1]!;
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n",
  ].join("\r\n");
}

/** Dials a server that demands all; returns how the dial ended. */
async function outcomeOf(asked: Parameters<typeof securedEndpoint>[1], sign = credentials): Promise<string> {
  const identity = { cert: pem("server.pem"), key: pem("server.key") };
  const server = tls.createServer({ ...identity, ALPNProtocols: [protocol, "http/1.1"] }, (socket) => {
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      head += bytes.toString("latin1");
      if (head.endsWith("\r\n\r\n")) socket.write(answerTo(head, refusalOf(head, socket.alpnProtocol)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const target = { ...parseEndpoint(`wss://127.0.0.1:${port}/mqtt`), awsCredentials: sign };
  const endpoint = await securedEndpoint(target, { tlsCa: tlsPath("ca.pem"), ...asked });
  const probe = LinkProbe.by((receiver) => dial(endpoint, {}, receiver));
  try {
    assert.ok(await probe.until(({ opened, end }) => opened || end !== undefined), "the handshakes end");
    return probe.opened ? "open" : JSON.stringify(probe.end);
  } finally {
    probe.link.reset();
    server.close();
  }
}

const whole = { alpn: `mqtt,${protocol}`, wsHeaders: ["x-api-key=a=b c"], awsSign: region };

Deno.test("cloud: ALPN, a header and a signature of AWS satisfy a server that demands them", async () => {
  assert.equal(await outcomeOf(whole), "open");
});

const lacking: readonly [name: string, Parameters<typeof securedEndpoint>[1], typeof credentials, RegExp][] = [
  ["no header", { ...whole, wsHeaders: ["x-other=1"] }, credentials, /no header/],
  ["another ALPN", { ...whole, alpn: "http/1.1" }, credentials, /ALPN is http/],
  ["another secret", whole, { ...credentials, secretAccessKey: "wrong" }, /another signature/],
  ["another region", { ...whole, awsSign: "us-east-1" }, credentials, /another signature/],
];
for (const [name, asked, sign, why] of lacking) {
  Deno.test(`cloud: the server refuses ${name}`, async () => {
    assert.match(await outcomeOf(asked, sign), why);
  });
}

Deno.test("cloud: a signature keeps the user's query, and the token follows it", () => {
  const now = new Date("2026-05-01T12:00:00Z");
  const path = signedPath({ path: "/mqtt?a=1", authority: "h.example" }, { region, credentials }, now);
  assert.match(path, /[?&]a=1&/);
  assert.match(path, /X-Amz-Date=20260501T120000Z/);
  assert.match(
    path,
    new RegExp(`X-Amz-Signature=${expectedSignature(path, "h.example")}&X-Amz-Security-Token=token%2B%2F%3D$`),
  );
});

const refused: readonly [url: string, Parameters<typeof securedEndpoint>[1], RegExp][] = [
  ["mqtt://h", { wsHeaders: ["a=b"] }, /^Cannot use --ws-header with mqtt:\/\/h:1883, which does not use WebSocket/],
  ["mqtts://h", { awsSign: region }, /^Cannot use --aws-sign with mqtts:\/\/h:8883, which does not use WebSocket/],
  ["wss://h", { awsSign: region }, /^Cannot use --aws-sign without credentials: expected AWS_ACCESS_KEY_ID/],
  ["wss://h", { awsSign: "no/where" }, /^Cannot use --aws-sign "no\/where": expected a region/],
  ["mqtt://h", { alpn: "mqtt" }, /^Cannot use --alpn with mqtt:\/\/h:1883, which does not use TLS/],
  ["mqtts://h", { alpn: "a,,b" }, /^Cannot use --alpn "a,,b": expected names of 1 to 255 characters/],
];
for (const [url, asked, why] of refused) {
  Deno.test(`cloud: ${url} refuses ${JSON.stringify(asked)}`, async () => {
    await assert.rejects(
      securedEndpoint(parseEndpoint(url), asked),
      (error) => error instanceof UsageError && why.test(error.message),
    );
  });
}

Deno.test("cloud: a header injects no line, replaces none of the handshake, and an error shows no value", () => {
  for (
    const header of ["a=b\r\nHost: x", "a b=s3cret", "=s3cret", "s3cret", "Host=s3cret", "Sec-WebSocket-Key=s3cret"]
  ) {
    const ofHeader = (error: unknown) => error instanceof UsageError && !error.message.includes("=s3cret");
    assert.throws(() => parseWebHeader(header, "--ws-header"), ofHeader, header);
  }
  assert.equal(parseWebHeader("a=b=c", "--ws-header"), "a=b=c");
  assert.equal(parseWebHeader("a= b \t", "--ws-header"), "a=b", "space around a value is not part of it");
});
