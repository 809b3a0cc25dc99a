/**
 * All profiles by name.
 */
import { awsIotCore } from "./cloud/aws_iot_core.ts";
import { azureEventGrid } from "./cloud/azure_event_grid.ts";
import { hivemqCloud } from "./cloud/hivemq_cloud.ts";
import { aedes } from "./aedes.ts";
import { aedes2 } from "./aedes_2.ts";
import { ejabberd } from "./ejabberd.ts";
import { emqx } from "./emqx.ts";
import { flashmq } from "./flashmq.ts";
import { hivemq } from "./hivemq.ts";
import { mochi } from "./mochi.ts";
import { moquette } from "./moquette.ts";
import { mosquitto } from "./mosquitto.ts";
import { mosquitto21 } from "./mosquitto_2_1.ts";
import { nanomq } from "./nanomq.ts";
import { nats } from "./nats.ts";
import type { Deviation, Profile } from "./profile.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { rumqttd } from "./rumqttd.ts";
import { strict } from "./strict.ts";
import { isWithin, versionIn } from "./version_range.ts";
import { vernemq } from "./vernemq.ts";

/** Every profile; the first is the default. */
export const profiles: readonly Profile[] = [
  strict,
  mosquitto,
  mosquitto21,
  emqx,
  hivemq,
  vernemq,
  nanomq,
  flashmq,
  rabbitmq,
  ejabberd,
  aedes,
  aedes2,
  moquette,
  mochi,
  nats,
  rumqttd,
  awsIotCore,
  azureEventGrid,
  hivemqCloud,
];

/** Their names, in the same order. */
export const profileNames: readonly string[] = profiles.map(({ name }) => name);

/** The profile of that name, if it exists. */
export function profileOf(name: string): Profile | undefined {
  return profiles.find((profile) => profile.name === name);
}

/**
 * The profile of a broker by its text in `$SYS/broker/version`, with only the deviations of that version; undefined for
 * an unknown broker, and for a version without known deviations.
 */
export function profileOfBroker(said: string): Profile | undefined {
  const version = versionIn(said);
  if (version === undefined) return undefined;
  const profile = profiles.find(({ sysName, range }) =>
    sysName !== undefined && said.toLowerCase().includes(sysName) && (range === undefined || isWithin(version, range))
  );
  return profile && {
    ...profile,
    deviations: profile.deviations.filter(({ only }) => only === undefined || isWithin(version, only)),
  };
}

/** A deviation's rules for users: `MQTT 3.1.1, 3.1.4-2; MQTT 5.0, 3.1.4-3`; empty if it violates no numbered rule. */
export function rulesText({ rules }: Pick<Deviation, "rules">): string {
  return Object.entries(rules).map(([version, rule]) => `MQTT ${version}, ${rule}`).join("; ");
}
