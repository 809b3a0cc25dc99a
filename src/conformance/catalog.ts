/**
 * Every case there is. A case is added in one of these lists; a list is added here.
 */
import type { ConformanceCase } from "./case/case.ts";
import { acknowledgementFormCases } from "./cases/acknowledgement_forms.ts";
import { connectCases } from "./cases/connect.ts";
import { connectMalformedCases } from "./cases/connect_malformed.ts";
import { disconnectCases } from "./cases/disconnect.ts";
import { encodingCases } from "./cases/encodings.ts";
import { within } from "./cases/extent.ts";
import { extentOf } from "./cases/extents.ts";
import { keepAliveCases } from "./cases/keep_alive.ts";
import { limitCases } from "./cases/limits.ts";
import { propertyCases } from "./cases/properties.ts";
import { publishCases } from "./cases/publish.ts";
import { publishMalformedCases } from "./cases/publish_malformed.ts";
import { redeliveryCases } from "./cases/redelivery.ts";
import { retainedCases } from "./cases/retained.ts";
import { sessionCases } from "./cases/session.ts";
import { sharedCases } from "./cases/shared.ts";
import { subscribeCases } from "./cases/subscribe.ts";
import { subscribeMalformedCases } from "./cases/subscribe_malformed.ts";
import { subscribeMatchingCases } from "./cases/subscribe_matching.ts";
import { subscribeOptionCases } from "./cases/subscribe_options.ts";
import { sparkplugCompliantCases } from "./cases/sparkplug.ts";
import { sparkplugAwareCases } from "./cases/sparkplug_aware.ts";
import { willDelayCases } from "./cases/will_delay.ts";
import { willDelayRaceCases } from "./cases/will_delay_race.ts";
import { willDeliveryCases } from "./cases/will_delivery.ts";
import { willDisconnectCases } from "./cases/will_disconnect.ts";
import { willFidelityCases } from "./cases/will_fidelity.ts";
import { willKeepAliveCases } from "./cases/will_keep_alive.ts";
import { willRefusedCases } from "./cases/will_refused.ts";
import { willRestartCases } from "./cases/will_restart.ts";
import { willRetainedCases } from "./cases/will_retained.ts";
import { willTakeoverCases } from "./cases/will_takeover.ts";
import { willEndingCases } from "./cases/will_ending.ts";
import { willMalformedCases } from "./cases/will_malformed.ts";

const cases: readonly ConformanceCase[] = [
  ...willEndingCases,
  ...willDisconnectCases,
  ...willTakeoverCases,
  ...willKeepAliveCases,
  ...willDelayCases,
  ...willDelayRaceCases,
  ...willRefusedCases,
  ...willMalformedCases,
  ...willRetainedCases,
  ...willFidelityCases,
  ...willDeliveryCases,
  ...willRestartCases,
  ...connectCases,
  ...connectMalformedCases,
  ...keepAliveCases,
  ...sessionCases,
  ...redeliveryCases,
  ...publishCases,
  ...publishMalformedCases,
  ...acknowledgementFormCases,
  ...retainedCases,
  ...subscribeCases,
  ...subscribeMalformedCases,
  ...subscribeMatchingCases,
  ...subscribeOptionCases,
  ...sharedCases,
  ...propertyCases,
  ...limitCases,
  ...encodingCases,
  ...disconnectCases,
];

/** The catalog, in the order in which it is shown. */
export const catalog: readonly ConformanceCase[] = cases.map((one) => {
  const extent = extentOf(one);
  return extent === undefined ? one : within(extent, one);
});

/** The cases on Sparkplug, which run only where the selection names them. */
export const sparkplugCases: readonly ConformanceCase[] = [...sparkplugCompliantCases, ...sparkplugAwareCases];

/** Every case. */
export const allCases: readonly ConformanceCase[] = [...catalog, ...sparkplugCases];
