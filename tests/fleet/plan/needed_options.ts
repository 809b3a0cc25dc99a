/** Options that no plan may have alone, each with what it needs. */
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";

const token = { authMethod: "TOKEN" };
const nodes = ["a", "b"].map((name, place) => ({ name, url: `mqtt://127.0.0.1:${1_883 + place}`, share: 1 }));

export const neededOptions: Readonly<Record<string, Partial<PlanRequest>>> = {
  authMethod: { authData: "@token.bin" },
  authData: token,
  authCommand: token,
  reauthEveryMs: { ...token, authData: "@token.bin" },
  passwordLifetimeMs: { passwordCommand: "cat token" },
  presenceLooks: { presence: true },
  watchNodes: { nodes },
  birthPayload: { presence: true, willPayload: "offline" },
};
