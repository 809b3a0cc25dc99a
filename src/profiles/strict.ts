import type { Profile } from "./profile.ts";

/** The standard without deviations: the default profile. */
export const strict: Profile = {
  name: "strict",
  broker: "any",
  versions: "all",
  deviations: [],
};
