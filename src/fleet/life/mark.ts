/**
 * The payload of a message by which a life is known: its name, the run, the client, the incarnation and a nonce, as
 * text, filled up with letters. Written and read byte by byte, since it is done for every will.
 */
import { mixFour } from "../../base/random.ts";
import { smallBytes } from "../../mqtt/codec/small_bytes.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** The life that a payload names as its source. */
export interface Mark {
  readonly client: number;
  readonly incarnation: number;
}

/** The number that separates the draw of a nonce from other draws for the same life. */
const nonceDraw = 4;

/** A number that only this life of this run has. */
export function nonceOf(plan: FleetPlan, client: number, incarnation: number): number {
  return mixFour(plan.seed, client, incarnation, nonceDraw);
}

const encoder = new TextEncoder();
const letters = "abcdefghijklmnopqrstuvwxyz";
/** As many whole rows of letters as fill a short payload, from any first letter on. */
const firstRows = encoder.encode(letters.repeat(5));
const hexDigits = encoder.encode("0123456789abcdef");
const space = 0x20;
const zero = 0x30;
const nonceDigits = 8;

/** The payloads of a plan with one name. */
interface Named {
  /** Their start: the same bytes for all lives. */
  readonly head: Uint8Array;
  /** For a payload that is only compared. */
  readonly compared: Uint8Array;
}

const namedOf = new WeakMap<FleetPlan, Map<string, Named>>();

function named(plan: FleetPlan, name: string): Named {
  let byName = namedOf.get(plan);
  if (byName === undefined) namedOf.set(plan, byName = new Map());
  let found = byName.get(name);
  if (found === undefined) {
    found = { head: encoder.encode(`${name} ${plan.run} `), compared: new Uint8Array(plan.willPayloadSizeBytes) };
    byName.set(name, found);
  }
  return found;
}

/** The payload of one life's message of that name: as long as the plan requires, enough for the longest head. */
export function writeMark(plan: FleetPlan, name: string, mark: Mark): Uint8Array {
  const bytes = smallBytes(plan.willPayloadSizeBytes);
  writeInto(bytes, named(plan, name).head, plan, mark);
  return bytes;
}

/** Whether a payload is what {@link writeMark} returns. */
export function isMarkOf(plan: FleetPlan, name: string, mark: Mark, payload: Uint8Array): boolean {
  const { head, compared } = named(plan, name);
  if (payload.length !== compared.length) return false;
  writeInto(compared, head, plan, mark);
  for (let at = 0; at < compared.length; at++) if (payload[at] !== compared[at]) return false;
  return true;
}

function writeInto(bytes: Uint8Array, head: Uint8Array, plan: FleetPlan, { client, incarnation }: Mark): void {
  const nonce = nonceOf(plan, client, incarnation);
  bytes.set(head);
  let at = writeNumber(bytes, writeNumber(bytes, head.length, client), incarnation);
  for (let shift = 4 * nonceDigits - 4; shift >= 0; shift -= 4) bytes[at++] = hexDigits[nonce >>> shift & 0xf]!;
  bytes[at++] = space;
  fill(bytes, at, nonce % letters.length);
}

/** Fills the rest of a payload with the letters again and again: the first rows, then copies of what is there. */
function fill(bytes: Uint8Array, from: number, firstLetter: number): void {
  const firstTo = Math.min(bytes.length, from + firstRows.length - letters.length);
  for (let at = from; at < firstTo; at++) bytes[at] = firstRows[firstLetter + at - from]!;
  for (let at = firstTo; at < bytes.length; at += at - from) bytes.copyWithin(at, from, at);
}

/** Writes a number and a space; returns the position after them. */
function writeNumber(bytes: Uint8Array, from: number, value: number): number {
  let to = from + 1;
  for (let rest = value; rest >= 10; rest = rest / 10 | 0) to++;
  for (let at = to - 1, rest = value; at >= from; at--, rest = rest / 10 | 0) bytes[at] = zero + rest % 10;
  bytes[to] = space;
  return to + 1;
}

/** Reads the source of a payload of that name; undefined for a payload that is not from this run. */
export function readMark(plan: FleetPlan, payload: Uint8Array, name: string): Mark | undefined {
  const { head } = named(plan, name);
  for (let at = 0; at < head.length; at++) if (payload[at] !== head[at]) return undefined;
  const clientTo = numberEnd(payload, head.length);
  const incarnationTo = numberEnd(payload, clientTo + 1);
  const client = readNumber(payload, head.length, clientTo);
  const incarnation = readNumber(payload, clientTo + 1, incarnationTo);
  if (Number.isNaN(client) || Number.isNaN(incarnation)) return undefined;
  const nonce = nonceOf(plan, client, incarnation);
  for (let at = incarnationTo + 1, shift = 4 * nonceDigits - 4; shift >= 0; at++, shift -= 4) {
    if (payload[at] !== hexDigits[nonce >>> shift & 0xf]) return undefined;
  }
  return { client, incarnation };
}

/** More digits than any client or incarnation has. */
const mostDigits = 9;

/** The position of the space after a number; any other where there is no number. */
function numberEnd(bytes: Uint8Array, from: number): number {
  const most = Math.min(bytes.length, from + mostDigits + 1);
  let at = from;
  while (at < most && bytes[at] !== space) at++;
  return at;
}

function readNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > mostDigits) return NaN;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) return NaN;
    value = 10 * value + digit;
  }
  return value;
}
