/**
 * The HTTP exchange that upgrades a connection to a WebSocket, both sides of it, as pure functions on text. For MQTT
 * the subprotocol is always `mqtt`. Source: RFC 6455, section 4.
 */
import { createHash } from "node:crypto";
import { webHeaderLine } from "../web_handshake.ts";
import { type WebAccess, webRefusal } from "../web_access.ts";

/** The subprotocol that is offered, and chosen where a client offers it. */
// [MQTT5 6.0.0-3] [MQTT5 6.0.0-4] [MQTT311 6.0.0-3] [MQTT311 6.0.0-4]
export const subprotocol = "mqtt";
/** Offered by older clients. Source: the documentation of Eclipse Paho. */
const olderSubprotocol = "mqttv3.1";
/** Maximum size of a request or answer, in bytes. */
export const handshakeLimitBytes = 8_192;

const keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const blankLine = [13, 10, 13, 10];

/** An HTTP head: its first line, and its fields by lower-case name; repeated fields are joined by commas. */
interface HttpHead {
  readonly firstLine: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** The access rules of a WebSocket server. */
export interface WebSocketAccess extends WebAccess {
  /** The path that it serves; undefined serves every path. */
  readonly path?: string | undefined;
}

/** A server's answer to a request. */
type HandshakeAnswer =
  | { readonly kind: "accepted"; readonly text: string }
  | { readonly kind: "refused"; readonly text: string; readonly why: string };

/** The end of the head in the first `length` bytes, blank line included; 0 if it is incomplete. */
export function headEnd(bytes: Uint8Array, length: number): number {
  for (let at = bytes.indexOf(13); at >= 0 && at + 4 <= length; at = bytes.indexOf(13, at + 1)) {
    if (blankLine.every((byte, offset) => bytes[at + offset] === byte)) return at + 4;
  }
  return 0;
}

/** A client's request. @param key 16 random bytes in base64 */
export function requestText(authority: string, path: string, key: string, headers: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${authority}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    "Sec-WebSocket-Version: 13",
    ...headers.map(webHeaderLine),
    "\r\n",
  ].join("\r\n");
}

/** The server's answer to the head of a request. */
export function answerRequest(head: Uint8Array, access: WebSocketAccess): HandshakeAnswer {
  const { firstLine, fields } = readHead(head);
  const { path } = access;
  const [method, target = "", version = ""] = firstLine.split(" ");
  // HTTP/1.1 or later. Source: RFC 6455, section 4.1.
  if (method !== "GET" || !/^HTTP\/1\.[1-9]$/.test(version)) return refusal("400 Bad Request", "not a GET of HTTP/1.1");
  if (path !== undefined && pathOf(target) !== path) return refusal("404 Not Found", `path is not ${path}`);
  const denied = webRefusal(access, { host: fields.get("host"), origin: fields.get("origin") });
  if (denied !== undefined) return refusal("403 Forbidden", denied);
  if (!words(fields, "upgrade").includes("websocket") || !words(fields, "connection").includes("upgrade")) {
    return refusal("426 Upgrade Required", "no upgrade to WebSocket", "Upgrade: websocket", "Connection: Upgrade");
  }
  if (fields.get("sec-websocket-version") !== "13") {
    return refusal("426 Upgrade Required", "not version 13 of WebSocket", "Sec-WebSocket-Version: 13");
  }
  const key = fields.get("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return refusal("400 Bad Request", "no key of 16 bytes");
  const offered = spellings(fields, "sec-websocket-protocol");
  // Older clients of 3.1.1 offer the name of their version, which is in no standard.
  const chosen = [subprotocol, olderSubprotocol].map((name) => offered.find((word) => word.toLowerCase() === name))
    .find((word) => word !== undefined);
  if (chosen === undefined) { // [MQTT5 6.0.0-3] [MQTT311 6.0.0-3]
    return refusal("400 Bad Request", `subprotocol ${subprotocol} is not offered`);
  }
  return { kind: "accepted", text: acceptance(key, chosen) };
}

/** The path of a request target, which may be a complete URL. Source: RFC 9112, section 3.2.2. */
function pathOf(target: string): string {
  const path = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)?.[1] ?? target;
  return path.split("?")[0]!;
}

/** What is wrong with a server's answer to a request with that key; undefined if nothing is. */
export function answerFault(head: Uint8Array, key: string): string | undefined {
  const { firstLine, fields } = readHead(head);
  if (!/^HTTP\/1\.1 101\b/.test(firstLine)) return `the server answers "${firstLine.slice(0, 80)}"`;
  if (fields.get("sec-websocket-accept") !== acceptOf(key)) return "the server answers another request's key";
  if (fields.get("sec-websocket-protocol") !== subprotocol) return `the server does not choose ${subprotocol}`;
  return undefined;
}

/** @param chosen the subprotocol in the client's spelling: the client accepts no other */
function acceptance(key: string, chosen: string): string {
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    `Sec-WebSocket-Protocol: ${chosen}`, // [MQTT5 6.0.0-4] [MQTT311 6.0.0-4]
    "\r\n",
  ].join("\r\n");
}

function refusal(status: string, why: string, ...fields: readonly string[]): HandshakeAnswer {
  const body = `MQTT over WebSocket: ${why}\n`;
  const head = [`HTTP/1.1 ${status}`, ...fields, "Content-Type: text/plain", `Content-Length: ${body.length}`];
  return { kind: "refused", why, text: `${[...head, "Connection: close"].join("\r\n")}\r\n\r\n${body}` };
}

function acceptOf(key: string): string {
  return createHash("sha1").update(key + keySuffix).digest("base64");
}

function words(fields: ReadonlyMap<string, string>, name: string): string[] {
  return spellings(fields, name).map((word) => word.toLowerCase());
}

function spellings(fields: ReadonlyMap<string, string>, name: string): string[] {
  return (fields.get(name) ?? "").split(",").map((word) => word.trim());
}

function readHead(head: Uint8Array): HttpHead {
  const [firstLine = "", ...lines] = new TextDecoder("latin1").decode(head).split("\r\n");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { firstLine, fields };
}
