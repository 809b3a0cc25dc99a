/**
 * What a user adds to the request of a WebSocket: headers, and a signature.
 */
import { UsageError } from "../base/failure.ts";
import type { AwsSigning } from "./aws_signature.ts";

/** The additions to a WebSocket request. */
export interface WebHandshake {
  /** Each `NAME=VALUE`. */
  readonly headers?: readonly string[];
  /** How each request is signed; absent without a signature. */
  readonly signing?: AwsSigning;
}

/** Headers that the handshake itself sets, and those that would make a body of what follows. */
const ownHeaders = /^(?:host|upgrade|connection|sec-websocket-.*|content-length|transfer-encoding)$/i;
const token = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Reads `NAME=VALUE`, a header of the WebSocket request. The error shows no value, which may be a secret.
 *
 * @throws UsageError if it is no header, or one that the handshake sets
 */
export function parseWebHeader(text: string, option: string): string {
  const at = text.indexOf("=");
  const [name, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (!token.test(name)) {
    throw new UsageError(`Cannot use ${option}: expected NAME=VALUE, such as x-api-key=SECRET`);
  }
  if (ownHeaders.test(name)) {
    throw new UsageError(`Cannot use ${option} ${name}: the handshake sets it; expected another header`);
  }
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new UsageError(`Cannot use ${option} ${name}: its value has a character that HTTP does not allow`);
  }
  return `${name}=${value.trim()}`;
}

/** The header without its value, for reports. */
export function maskedWebHeader(header: string): string {
  return `${header.split("=")[0]}=…`;
}

/** The line of the request. */
export function webHeaderLine(header: string): string {
  const at = header.indexOf("=");
  return `${header.slice(0, at)}: ${header.slice(at + 1)}`;
}
