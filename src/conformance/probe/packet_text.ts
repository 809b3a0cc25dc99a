/**
 * A packet in one line, for transcripts and for the sentences of cases.
 */
import type { Packet } from "../../mqtt/packet.ts";
import { reasonName } from "../../mqtt/reason.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });
const longestText = 80;
/** Larger ones are not looked at for text. */
const longestPayload = 4_096;

/** Type, then every present field, in the packet's own order: `PUBLISH qos 1, topic "a", payload "x"`. */
export function packetText(packet: Packet): string {
  const { type, ...fields } = packet;
  const said = partsOf(fields, type === "connect" || type === "publish");
  return [type.toUpperCase(), said.join(", ")].join(" ").trim();

  function partsOf(object: object, plain: boolean): string[] {
    return Object.entries(object).flatMap(([name, value]) => {
      if (name === "properties" || name === "will") {
        const inner = partsOf(value as object, plain);
        return inner.length === 0 ? [] : [`${name} {${inner.join(", ")}}`];
      }
      if (value === undefined || value === false) return [];
      return [value === true ? words(name) : `${words(name)} ${valueText(name, value)}`];
    });
  }

  function valueText(name: string, value: unknown): string {
    if (name === "password" || name === "authenticationData") return "(not shown)";
    if (name === "reasonCode") return codeText(value as number);
    if (name === "reasonCodes") return (value as number[]).map(codeText).join(" ");
    return plainText(value);
  }

  function codeText(code: number): string {
    return `${hexByte(code)} (${reasonName(code, type)})`;
  }
}

/** Bytes as text where they are text, else as hex; long ones cut. */
export function payloadText(bytes: Uint8Array): string {
  if (bytes.length > longestPayload) return `0x${hexText(bytes, 32).replaceAll(" ", "")}`;
  try {
    const text = decoder.decode(bytes);
    const shown = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
    return `${JSON.stringify(shown)}${shown === text ? "" : ` (${bytes.length} bytes)`}`;
  } catch {
    return `0x${hexText(bytes, 32).replaceAll(" ", "")}`;
  }
}

/** Bytes as pairs of hexadecimal digits, at most so many of them; those of secrets as `**`. */
export function hexText(bytes: Uint8Array, most = 256, ...secrets: readonly Uint8Array[]): string {
  // A secret that begins within the shown part may end beyond it.
  const looked = bytes.subarray(0, most + Math.max(0, ...secrets.map(({ length }) => length)));
  const pairs = Array.from(looked, (byte) => byte.toString(16).padStart(2, "0"));
  for (const secret of secrets) {
    for (let at = 0; secret.length > 0 && at + secret.length <= looked.length; at++) {
      if (secret.every((byte, index) => looked[at + index] === byte)) pairs.fill("**", at, at + secret.length);
    }
  }
  const shown = pairs.slice(0, most).join(" ");
  return bytes.length > most ? `${shown} … (${bytes.length} bytes)` : shown;
}

/** One byte as `0x8e`. */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

function plainText(value: unknown): string {
  if (value instanceof Uint8Array) return payloadText(value);
  if (typeof value === "string") return payloadText(new TextEncoder().encode(value));
  if (Array.isArray(value)) return `[${value.map(plainText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([name, each]) => `${words(name)} ${plainText(each)}`).join(", ")}}`;
  }
  return String(value);
}

/** `sessionExpiryIntervalS` as `session expiry interval s`. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (capitals) => ` ${capitals.toLowerCase()}`);
}
