import type { Profile } from "./profile.ts";

/** The standard, and nothing else: what holds where no profile is asked for. */
export const strict: Profile = {
  name: "strict",
  broker: "any",
  versions: "all",
  deviations: [],
};
