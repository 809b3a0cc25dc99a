import type { FaultSample, Timeline } from "../result/fault_sample.ts";

/**
 * The text of wrong states, and the rules that they break.
 */
import type { Life } from "../life/life.ts";
import { modeOf } from "./oracle.ts";
import type { FoundState, PresenceState, PresenceVerdict } from "./presence_oracle.ts";
import { listed } from "../../base/units.ts";
import { partText, type PropertyName, type Stray } from "./will_compare.ts";

/** A part of a retained message that can differ. */
export type PresencePart = "topic" | "payload" | "QoS" | "retain flag" | PropertyName | Stray;

/** One wrong state. */
interface WrongState {
  readonly verdict: Exclude<PresenceVerdict, "right" | "eitherWay">;
  /** The message that had to be there; undefined for none. */
  readonly state: PresenceState | undefined;
  readonly found: FoundState | "foreign" | undefined;
  /** Parts that differ, where something does. */
  readonly altered: readonly PresencePart[];
  /** The client's latest life. */
  readonly life: Life;
}

const whatText = { online: "online message", left: "left message", gone: "will" } as const;

/** One fault for people. */
export function presenceFault(client: string, wrong: WrongState, timeline: Timeline): FaultSample {
  const life = wrong.state?.life ?? wrong.life;
  return {
    client,
    incarnation: life.incarnation,
    mode: modeOf(life),
    verdict: "presence",
    protocol: life.version === 5 ? "5" : "3.1.1",
    qos: life.qos,
    rule: presenceRule(wrong),
    text: `${wrong.verdict}: ${sentence(wrong)}`,
    timeline,
  };
}

function sentence({ verdict, state, found, altered, life }: WrongState): string {
  const due = state === undefined ? "nothing" : `the ${stateText(state.kind, state.life.incarnation)}`;
  switch (verdict) {
    case "absent":
      return `a late subscriber found nothing where ${due} must be retained`;
    case "altered":
      return `a late subscriber found ${due} with ${
        listed(altered.map(partText), "and")
      } different from what the client requested`;
    case "stale":
    case "unwanted": {
      const alive = life.end === undefined && !life.retired ? ", although the client is connected" : "";
      return `a late subscriber found the ${foundText(found)} where ${due} must be retained${alive}`;
    }
  }
}

function stateText(kind: PresenceState["kind"], incarnation: number): string {
  return `${whatText[kind]} of life ${incarnation}`;
}

function foundText(found: WrongState["found"]): string {
  return typeof found === "object" ? stateText(found.kind, found.incarnation) : "message of no client";
}

const ruleOfPart: Readonly<Record<PresencePart, readonly [v311: string, v5: string]>> = {
  "topic": ["3.3.1-5", "3.3.1-5"],
  "payload": ["3.3.1-5", "3.3.1-5"],
  "QoS": ["3.3.1-5", "3.3.1-5"],
  "retain flag": ["3.3.1-8", "3.8.3.1"],
  "payloadFormatIndicator": ["3.3.1-5", "3.3.2-4"],
  "contentType": ["3.3.1-5", "3.3.2-20"],
  "responseTopic": ["3.3.1-5", "3.3.2-15"],
  "correlationData": ["3.3.1-5", "3.3.2-16"],
  "messageExpiryIntervalS": ["3.3.1-5", "3.3.2-6"],
  "userProperties": ["3.3.1-5", "3.3.2-17"],
  "willDelayInterval": ["3.3.1-5", "3.1.3-10"],
  "strayProperty": ["3.3.1-5", "3.1.3-10"],
};

/** The broken rule, by the version of the message that the topic had to have. */
function presenceRule(wrong: WrongState): string {
  const isVersion5 = (wrong.state?.life ?? wrong.life).version === 5;
  const [v311, v5] = ruleOf(wrong);
  return isVersion5 ? `MQTT 5.0, ${v5}` : `MQTT 3.1.1, ${v311}`;
}

function ruleOf({ verdict, state, found, altered }: WrongState): readonly [v311: string, v5: string] {
  const isWill = typeof found === "object" && found.kind === "gone";
  const isDelayed = (state?.life.delayS ?? 0) > 0;
  if (verdict === "altered") {
    const [part = "payload"] = altered;
    const isOfWill = state?.kind === "gone" && (part === "payload" || part === "QoS");
    return isOfWill ? ["3.1.2-9", "3.1.2-9"] : ruleOfPart[part];
  }
  // The will of a client that left properly.
  if (isWill && state?.kind === "left") return ["3.14.4-3", "3.14.4-3"];
  // The will of a client that is still online, or that reconnected within the will delay.
  if (isWill && verdict === "unwanted") return ["3.1.2-8", isDelayed ? "3.1.3-9" : "3.1.2-8"];
  if (isWill && isDelayed && state?.kind === "online") return ["3.3.1-5", "3.1.3-9"];
  return state?.kind === "gone" ? ["3.1.2-17", "3.1.2-15"] : ["3.3.1-5", "3.3.1-5"];
}
