/**
 * Payloads of the user's own: the wills and the birth messages are then those of a product, such as `offline`, and name
 * no life. Properties of 5.0 name it; else topic, client and time identify a message.
 */
import { bytesOfText, joinedBytes } from "../../base/bytes.ts";
import type { MessageProperties, PublishPacket, UserProperty } from "../../mqtt/packet.ts";
import { type Mark, nonceOf } from "./mark.ts";
import { clientIdOf } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { hasPlaceholder, templateParts } from "../plan/template.ts";

/** The message of a client that has a payload of the user's own: its will, its birth, or its leave. */
export type OwnMessage = "will" | "online" | "left";

/** Makes the payload of one life. */
type PayloadBy = (mark: Mark) => Uint8Array;

/** A payload, and its properties of 5.0. */
interface OwnPayload {
  readonly payloadOf: PayloadBy;
  readonly isText: boolean;
  /** Each life has another payload. */
  readonly namesLife: boolean;
}

/** A client that leaves publishes the payload of its will itself, as products do. */
const optionOf = { will: "willPayload", online: "birthPayload", left: "willPayload" } as const;

const payloads = new WeakMap<FleetPlan, Map<string, OwnPayload>>();

/** The payload of this message of a client of the plan; undefined where the run makes its own. */
function ownPayload(plan: FleetPlan, message: OwnMessage): OwnPayload | undefined {
  const value = plan[optionOf[message]];
  if (value === undefined) return undefined;
  let ofPlan = payloads.get(plan);
  if (ofPlan === undefined) payloads.set(plan, ofPlan = new Map());
  let own = ofPlan.get(value);
  if (own === undefined) ofPlan.set(value, own = makePayload(plan, payloadText(plan, value)));
  return own;
}

/** The template of a payload: the content of the file behind `@`, or the text. */
export function payloadText({ payloadTexts }: FleetPlan, value: string): string {
  return value.startsWith("@") ? payloadTexts?.[value.slice(1)] ?? "" : value;
}

function makePayload(plan: FleetPlan, text: string): OwnPayload {
  const isText = isUtf8(bytesOfText(text));
  const parts = templateParts(text).map((part) => typeof part === "string" ? bytesOfText(part) : part);
  const fixed = parts.length === 0 ? new Uint8Array(0) : parts.length === 1 ? parts[0]! : undefined;
  if (fixed instanceof Uint8Array) return { payloadOf: () => fixed, isText, namesLife: false };
  const payloadOf = ({ client, incarnation }: Mark) =>
    joinedBytes(parts.map((part) => {
      if (part instanceof Uint8Array) return part;
      const value = valueOf(plan, part.name, client, incarnation);
      return bytesOfText(value?.padStart(part.width, "0") ?? part.text);
    }));
  return { payloadOf, isText, namesLife: hasPlaceholder(text, "incarnation") };
}

function valueOf(plan: FleetPlan, name: string, client: number, incarnation: number): string | undefined {
  switch (name) {
    case "run":
      return plan.run;
    case "client":
      return String(client);
    case "id":
      return clientIdOf(plan, client);
    case "incarnation":
      return String(incarnation);
    default:
      return undefined;
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The payload of one life's message; undefined where the run makes its own. */
export function ownPayloadOf(plan: FleetPlan, message: OwnMessage, mark: Mark): Uint8Array | undefined {
  return ownPayload(plan, message)?.payloadOf(mark);
}

/** Whether the plan has a payload of the user's own for this message. */
export function hasOwnPayload(plan: FleetPlan, message: OwnMessage): boolean {
  return plan[optionOf[message]] !== undefined;
}

/** Whether the payload of a will of the user's own differs from life to life. */
export function namesLife(plan: FleetPlan): boolean {
  return ownPayload(plan, "will")?.namesLife === true;
}

/** Whether any client of the plan has a payload of the user's own. */
export function hasOwnPayloads({ willPayload, groups }: FleetPlan): boolean {
  return willPayload !== undefined || groups?.some((group) => group.willPayload !== undefined) === true;
}

/** The properties that fit a payload of the user's own, and name the life of its message. */
export function ownProperties(plan: FleetPlan, message: OwnMessage, { client, incarnation }: Mark): MessageProperties {
  const life = `${client}.${incarnation}${message === "will" ? "" : ` ${message}`}`;
  return {
    ...ownPayload(plan, message)?.isText
      ? { payloadFormatIndicator: 1, contentType: "text/plain" }
      : { payloadFormatIndicator: 0, contentType: "application/octet-stream" },
    userProperties: [["run", plan.run], [lifeProperty, life], ["run", "again"]],
  };
}

/** The name of the user property that names a life. */
export const lifeProperty = "life";

const lifeForm = /^([0-9]{1,9})\.([0-9]{1,9})(?: (online|left))?$/;

/** The life and the message that the properties of a packet name; undefined where they name none of this run. */
export function readOwnProperties(
  plan: FleetPlan,
  { properties }: Pick<PublishPacket, "properties">,
): (Mark & { readonly message: OwnMessage }) | undefined {
  const life = properties?.userProperties?.find(([name]: UserProperty) => name === lifeProperty)?.[1];
  const match = life === undefined ? null : lifeForm.exec(life);
  if (match === null) return undefined;
  const [client, incarnation] = [Number(match[1]), Number(match[2])];
  const data = properties!.correlationData;
  if (data?.length !== 8) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (view.getUint32(0) !== nonceOf(plan, client, incarnation) || view.getUint32(4) !== client) return undefined;
  return { client, incarnation, message: (match[3] as OwnMessage | undefined) ?? "will" };
}
