/**
 * The client's side of the two handshakes that open a tunnel through a proxy, as state machines on bytes: CONNECT of
 * HTTP (RFC 9110, section 9.3.6) and SOCKS 5 (RFC 1928, with the login of RFC 1929).
 */
import { Buffer } from "node:buffer";
import { isIP, isIPv6 } from "node:net";
import type { ProxyTarget } from "./proxy_target.ts";

/** What a handshake answers to the proxy's bytes. */
export type TunnelStep =
  /** More bytes of the proxy are needed. `send` is the client's next message. */
  | { readonly kind: "more"; readonly send?: Uint8Array }
  /** The tunnel is open; `rest` are the first bytes of the broker. */
  | { readonly kind: "open"; readonly rest: Uint8Array }
  /** The proxy refuses, with the reason as text. */
  | { readonly kind: "refused"; readonly why: string };

/** A handshake with a proxy. */
export interface TunnelHandshake {
  /** The client's first message. */
  readonly first: Uint8Array;
  /** Takes the next bytes of the proxy. */
  push(bytes: Uint8Array): TunnelStep;
}

/** A handshake for a tunnel to a broker. */
export function tunnelHandshake(proxy: ProxyTarget, host: string, port: number): TunnelHandshake {
  return proxy.kind === "http" ? new HttpConnect(proxy, host, port) : new Socks5(proxy, host, port);
}

/** The longest head of an answer that is read, in bytes. */
const headLimitBytes = 8_192;
const more: TunnelStep = { kind: "more" };

class HttpConnect implements TunnelHandshake {
  readonly first: Uint8Array;
  #head = Buffer.alloc(0);

  constructor({ username, password }: ProxyTarget, host: string, port: number) {
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
    // Source: RFC 7617.
    if (username !== undefined) {
      lines.push(`Proxy-Authorization: Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`);
    }
    this.first = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  }

  push(bytes: Uint8Array): TunnelStep {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0 && this.#head.length <= headLimitBytes) return more;
    if (end < 0 || end > headLimitBytes) return { kind: "refused", why: "its answer is too long" };
    const [line = ""] = this.#head.subarray(0, end).toString("latin1").split("\r\n");
    const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1];
    if (status === undefined) return { kind: "refused", why: "it does not answer in HTTP" };
    // Any 2xx opens the tunnel; the head is the whole answer.
    if (status.startsWith("2")) return { kind: "open", rest: this.#head.subarray(end + 4) };
    const login = status === "407" ? "; give user and password in --proxy" : "";
    return { kind: "refused", why: `it answers "${line.slice(0, 80)}"${login}` };
  }
}

/** Methods of authentication. Source: RFC 1928, section 3. */
const [noLogin, login, noMethod] = [0, 2, 0xff];
/** Address types. Source: RFC 1928, section 5. */
const [ipv4, domain, ipv6] = [1, 3, 4];
/** Source: RFC 1928, section 6. */
const replies: readonly string[] = [
  "",
  "general failure",
  "connections to this address are not allowed",
  "network unreachable",
  "host unreachable",
  "connection refused by the broker's host",
  "time to live expired",
  "command not supported",
  "address type not supported",
];

class Socks5 implements TunnelHandshake {
  readonly first: Uint8Array;
  readonly #proxy: ProxyTarget;
  readonly #request: Uint8Array;
  #expects: "method" | "login" | "reply" = "method";
  #held = Buffer.alloc(0);

  constructor(proxy: ProxyTarget, host: string, port: number) {
    this.#proxy = proxy;
    const address = addressOf(host);
    this.#request = Buffer.from([5, 1, 0, ...address, port >> 8, port & 0xff]);
    this.first = proxy.username === undefined ? Buffer.from([5, 1, noLogin]) : Buffer.from([5, 2, noLogin, login]);
  }

  push(bytes: Uint8Array): TunnelStep {
    this.#held = Buffer.concat([this.#held, bytes]);
    if (this.#expects === "reply") return this.#reply();
    if (this.#held.length < 2) return more;
    const [version, answer] = this.#take(2);
    return this.#expects === "method" ? this.#method(version!, answer!) : this.#judged(answer!);
  }

  #take(count: number): Uint8Array {
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  #method(version: number, method: number): TunnelStep {
    if (version !== 5) return { kind: "refused", why: "it does not answer in SOCKS 5" };
    if (method === noLogin) return this.#ask();
    const { username, password = "" } = this.#proxy;
    if (method === login && username !== undefined) {
      this.#expects = "login";
      const [name, word] = [Buffer.from(username), Buffer.from(password)];
      return { kind: "more", send: Buffer.from([1, name.length, ...name, word.length, ...word]) };
    }
    const isKnown = method === noMethod && username === undefined;
    return {
      kind: "refused",
      why: isKnown
        ? "it demands a login; give user and password in --proxy"
        : "it accepts no method of login that SOCKS 5 clients have",
    };
  }

  #judged(status: number): TunnelStep {
    return status === 0 ? this.#ask() : { kind: "refused", why: "it refuses the login" };
  }

  #ask(): TunnelStep {
    this.#expects = "reply";
    return { kind: "more", send: this.#request };
  }

  #reply(): TunnelStep {
    const [version, code, , type, length = 0] = this.#held;
    if (version !== undefined && version !== 5) return { kind: "refused", why: "it does not answer in SOCKS 5" };
    if (code !== undefined && code !== 0) {
      return { kind: "refused", why: `it answers: ${replies[code] ?? `code ${code}`}` };
    }
    if (this.#held.length < 5) return more;
    const addressBytes = type === ipv4 ? 4 : type === ipv6 ? 16 : type === domain ? 1 + length : undefined;
    if (addressBytes === undefined) return { kind: "refused", why: "it does not answer in SOCKS 5" };
    const sizeBytes = 4 + addressBytes + 2;
    if (this.#held.length < sizeBytes) return more;
    return { kind: "open", rest: this.#held.subarray(sizeBytes) };
  }
}

/** Type and bytes of an address; the proxy resolves a name. */
function addressOf(host: string): number[] {
  const family = isIP(host);
  if (family === 4) return [ipv4, ...host.split(".").map(Number)];
  if (family === 6) return [ipv6, ...bytesOfV6(host)];
  const name = Buffer.from(host);
  return [domain, name.length, ...name];
}

function bytesOfV6(host: string): number[] {
  const [head = "", tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string | undefined) => text ? text.split(":").map((group) => parseInt(group, 16)) : [];
  const [before, after] = [groups(head), groups(tail)];
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}
