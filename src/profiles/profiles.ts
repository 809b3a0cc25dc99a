/**
 * All profiles by name.
 */
import { aedes } from "./aedes.ts";
import { ejabberd } from "./ejabberd.ts";
import { emqx } from "./emqx.ts";
import { flashmq } from "./flashmq.ts";
import { hivemq } from "./hivemq.ts";
import { mochi } from "./mochi.ts";
import { moquette } from "./moquette.ts";
import { mosquitto } from "./mosquitto.ts";
import { nanomq } from "./nanomq.ts";
import type { Deviation, Profile, StandardVersion } from "./profile.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { rumqttd } from "./rumqttd.ts";
import { strict } from "./strict.ts";
import { vernemq } from "./vernemq.ts";

/** Every profile; the first is what holds where none is asked for. */
export const profiles: readonly Profile[] = [
  strict,
  mosquitto,
  emqx,
  hivemq,
  vernemq,
  nanomq,
  flashmq,
  rabbitmq,
  ejabberd,
  aedes,
  moquette,
  mochi,
  rumqttd,
];

/** Their names, in the same order. */
export const profileNames: readonly string[] = profiles.map(({ name }) => name);

/** The profile of that name, if there is one. */
export function profileOf(name: string): Profile | undefined {
  return profiles.find((profile) => profile.name === name);
}

/** The deviations of a profile that break this rule of this version: what a conformance case asks for. */
export function deviationsFrom({ deviations }: Profile, version: StandardVersion, rule: string): Deviation[] {
  return deviations.filter(({ rules }) => rules[version] === rule);
}

/** A deviation's rules for people: `MQTT 3.1.1, 3.1.4-2; MQTT 5.0, 3.1.4-3`; empty where it breaks no numbered one. */
export function rulesText({ rules }: Pick<Deviation, "rules">): string {
  return Object.entries(rules).map(([version, rule]) => `MQTT ${version}, ${rule}`).join("; ");
}
