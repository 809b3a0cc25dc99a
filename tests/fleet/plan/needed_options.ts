/** Options that no plan may have alone, each with what it needs. */
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";

const token = { authMethod: "TOKEN" };

export const neededOptions: Readonly<Record<string, Partial<PlanRequest>>> = {
  authMethod: { authData: "@token.bin" },
  authData: token,
  authCommand: token,
  reauthEveryMs: { ...token, authData: "@token.bin" },
  passwordLifetimeMs: { passwordCommand: "cat token" },
  presenceLooks: { presence: true },
  birthPayload: { presence: true, willPayload: "offline" },
};
