/** The proofs of the whole catalog: for each case the faults that it detects. */
import { connectProofs } from "./cases/connect_faults.ts";
import { disconnectProofs } from "./cases/disconnect_faults.ts";
import { encodingProofs } from "./cases/encoding_faults.ts";
import { keepAliveProofs } from "./cases/keep_alive_faults.ts";
import { limitProofs } from "./cases/limit_faults.ts";
import { propertyProofs } from "./cases/property_faults.ts";
import { publishProofs } from "./cases/publish_faults.ts";
import { retainedProofs } from "./cases/retained_faults.ts";
import { sessionProofs } from "./cases/session_faults.ts";
import { sharedProofs } from "./cases/shared_faults.ts";
import { subscribeProofs } from "./cases/subscribe_faults.ts";
import { willProofs } from "./cases/will_proofs.ts";
import type { Proofs } from "./proof.ts";

/** Proofs by the id of the case. */
export const proofs: Proofs = {
  ...connectProofs,
  ...disconnectProofs,
  ...keepAliveProofs,
  ...limitProofs,
  ...propertyProofs,
  ...publishProofs,
  ...retainedProofs,
  ...sessionProofs,
  ...sharedProofs,
  ...subscribeProofs,
  ...willProofs,
  ...encodingProofs,
};
