/** Kill mode refused-login needs a broker that refuses a wrong password. */
import { UsageError } from "../../base/failure.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { wrongLogin } from "../client/refused_login.ts";
import { drawsMode } from "../plan/phases.ts";
import type { FleetRun } from "../plan/plan.ts";
import { probeConnectNow } from "./probe_connect.ts";

/** @throws UsageError where the broker accepts a wrong password */
export async function checkRefusedLogin(run: FleetRun, version: ProtocolVersion): Promise<void> {
  const { plan, target } = run;
  if (!drawsMode(plan, "refused-login")) return;
  const { username = wrongLogin.username } = plan;
  const { password } = wrongLogin;
  const answer = await probeConnectNow({ ...run, plan: { ...plan, username, password } }, version);
  if (answer.kind !== "accepted") return;
  throw new UsageError(
    `Cannot use kill mode refused-login: the broker at ${target.url} accepts a wrong password; expected one that refuses it`,
  );
}
