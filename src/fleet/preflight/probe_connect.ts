/**
 * One CONNECT to a broker, to learn whether it answers, whether it accepts the client, and its version.
 */
import type { ConnackPacket, ConnectPacket, Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import { isPassingRefusal } from "../../mqtt/reason.ts";
import type { TimedWorld } from "../../net/world.ts";
import { connackText, isLoginRefused } from "../client/connack_text.ts";
import { plainConnectPacket } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import { type FleetWorld, fleetWorldOf } from "../client/fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import { endText } from "../oracle/end_text.ts";
import type { FleetPlan, FleetRun } from "../plan/plan.ts";
import { retryAfterMs } from "../client/retry.ts";
import { ownIdOf } from "../plan/shard.ts";

/** The outcome of a CONNECT. */
export type ProbeAnswer =
  | { readonly kind: "accepted"; readonly connack: ConnackPacket }
  /**
   * A CONNACK refused it.
   *
   * - `byVersion`: because of the protocol version.
   * - `passing`: because of a limit of the broker; a later CONNECT may succeed.
   */
  | { readonly kind: "refused"; readonly byVersion: boolean; readonly passing: boolean; readonly sentence: string }
  /** The connection ended without a CONNACK. */
  | { readonly kind: "closed"; readonly sentence: string }
  /** An answer other than a CONNACK; `bytes` are its first. */
  | { readonly kind: "malformed"; readonly sentence: string; readonly bytes: Uint8Array }
  /** An answer with which no client may continue. */
  | { readonly kind: "faulty"; readonly sentence: string }
  | { readonly kind: "unreachable"; readonly sentence: string };

const patienceMs = 5_000;
/** How long to retry after a refusal that a limit of the broker causes, in milliseconds. */
const retryForMs = 30_000;
/** How often to retry after a close without CONNACK: a broker may close connections beyond one of its limits. */
const closedTries = 2;

/** The needs of a greeting: a link to the broker and a timer. A simulation provides its own. */
export type ProbeWorld = FleetWorld & TimedWorld;

/** Connects over a real link without a will, and leaves; tries again as {@link greetIn} does. */
export async function probeConnect(run: FleetRun, version: ProtocolVersion): Promise<ProbeAnswer> {
  return await probeConnectIn(fleetWorldOf(run), run.plan, version);
}

/** Connects once over a real link without a will, and leaves. */
export async function probeConnectNow(run: FleetRun, version: ProtocolVersion): Promise<ProbeAnswer> {
  return await probeConnectOnce(fleetWorldOf(run), run.plan, version);
}

/** Connects without a will, and leaves; retries where a limit of the broker may be the cause of a refusal. */
export async function probeConnectIn(
  world: ProbeWorld,
  plan: FleetPlan,
  version: ProtocolVersion,
): Promise<ProbeAnswer> {
  let waitedMs = 0;
  for (let tries = 1;; tries++) {
    const answer = await probeConnectOnce(world, plan, version);
    const again = answer.kind === "refused"
      ? answer.passing && waitedMs < retryForMs
      : answer.kind === "closed" && tries < closedTries;
    if (!again) return answer;
    const ms = retryAfterMs(tries);
    waitedMs += ms;
    await new Promise<void>((resolve) => void world.after(ms, resolve));
  }
}

async function probeConnectOnce(world: ProbeWorld, plan: FleetPlan, version: ProtocolVersion): Promise<ProbeAnswer> {
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const connect = plainConnectPacket(plan, version, ownIdOf(plan, `p${version}`));
  const probe = new ConnectProbe(connect, resolve, plan.followReferences === true);
  const connection = new ClientConnection(world, version, probe, 0);
  const cancel = world.after(patienceMs, () => probe.giveUp());
  const answer = await promise;
  cancel();
  if (answer.kind === "accepted") connection.send({ type: "disconnect" }, world.clock.nowMs());
  connection.end();
  return answer;
}

class ConnectProbe implements ConnectionOwner {
  #opened = false;

  /** @param follows the run follows references to other servers */
  constructor(
    readonly connect: ConnectPacket,
    readonly answer: (answer: ProbeAnswer) => void,
    readonly follows: boolean,
  ) {}

  giveUp(): void {
    const what = this.#opened ? "no CONNACK" : "no answer";
    this.answer({ kind: "unreachable", sentence: `${what} within ${patienceMs / 1_000} s` });
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    this.#opened = true;
    connection.send(this.connect, nowMs);
  }

  onPacket({ version }: ClientConnection, packet: Packet): void {
    if (packet.type !== "connack") return;
    const { reasonCode } = packet;
    if (reasonCode === 0) return this.answer({ kind: "accepted", connack: packet });
    const sentence = connackText(version, packet);
    const cure = isLoginRefused(version, reasonCode)
      ? "; use --username and --password-file"
      : packet.properties?.serverReference !== undefined && !this.follows
      ? "; --follow-references connects there"
      : "";
    this.answer({
      kind: "refused",
      // A server of another version answers an unknown level so. [MQTT311 3.1.2-2] [MQTT5 3.1.2-2]
      byVersion: reasonCode === (version === 4 ? 1 : 0x84),
      passing: isPassingRefusal(version, reasonCode),
      sentence: sentence + cure,
    });
  }

  onOver({ version }: ClientConnection, end: ConnectionEnd): void {
    if (!this.#opened) return this.answer({ kind: "unreachable", sentence: endText(end) });
    if (end.kind === "sessionPresent") return this.answer({ kind: "faulty", sentence: endText(end) });
    if (end.kind !== "malformed") {
      // A TLS alert arrives after the handshake, from a server that requires a certificate.
      const sentence = end.kind === "error" ? endText(end) : `${endText(end)} without a CONNACK`;
      return this.answer({ kind: "closed", sentence });
    }
    // The answer of a 3.1.1 server to CONNECT of 5.0: a CONNACK of its own version. [MQTT311 3.1.2-2]
    const isOf311 = version === 5 && refusal311.every((byte, index) => end.bytes[index] === byte);
    if (!isOf311) return this.answer({ kind: "malformed", sentence: end.message, bytes: end.bytes });
    const sentence = "the broker refused the CONNECT: unacceptable protocol version";
    this.answer({ kind: "refused", byVersion: true, passing: false, sentence });
  }
}

/** CONNACK of 3.1.1 with return code 1, unacceptable protocol version. */
const refusal311 = [0x20, 0x02, 0x00, 0x01];
