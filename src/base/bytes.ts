/**
 * Joins bytes, and represents them as text without loss: UTF-8 stays text, and each byte that is not UTF-8 becomes a
 * lone surrogate (U+DC80 to U+DCFF), which no UTF-8 text contains. So a password of any bytes can be passed as text,
 * and is sent unchanged.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const firstEscape = 0xdc00;

/** The text for these bytes. */
export function textOfBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const size = characterSize(bytes, at);
    text += size === 0 ? String.fromCharCode(firstEscape + bytes[at]!) : strict.decode(bytes.subarray(at, at + size));
    at += size || 1;
  }
  return text;
}

/** Without the line end after a text, as in a file or in the output of a command. */
export function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/** The bytes of a text. */
export function bytesOfText(text: string): Uint8Array {
  const parts: number[] = [];
  for (const character of text) {
    const unit = character.charCodeAt(0);
    const isEscape = character.length === 1 && unit >= firstEscape + 0x80 && unit <= firstEscape + 0xff;
    if (isEscape) parts.push(unit - firstEscape);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/** The size of the UTF-8 character at a position; 0 if there is none. */
function characterSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  try {
    if (size > 1) strict.decode(bytes.subarray(at, at + size));
    return size;
  } catch {
    return 0;
  }
}

/** All parts as one, in their order. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** True for the same bytes, or none on both sides. */
export function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
