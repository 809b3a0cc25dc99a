/**
 * One CONNECT to a broker, to learn whether it answers, whom it lets in and what it speaks.
 */
import type { ConnackPacket, ConnectPacket, Packet, ProtocolVersion } from "../mqtt/packet.ts";
import { dial } from "../net/dial.ts";
import { monotonicClock } from "../base/clock.ts";
import { Deadlines } from "../base/deadlines.ts";
import { connackText, isLoginRefused } from "./connack_text.ts";
import { plainConnectPacket } from "./connect_packet.ts";
import {
  Connection,
  type ConnectionEnd,
  type ConnectionOwner,
  endText,
  type Wakeable,
  type World,
} from "./connection.ts";
import type { FleetPlan, FleetRun } from "./plan.ts";
import { ownIdOf } from "./shard.ts";

/** What a broker made of a CONNECT. */
export type Greeting =
  | { readonly kind: "accepted"; readonly connack: ConnackPacket }
  /** `byVersion`: because of the protocol version, or so that it cannot be told. */
  | { readonly kind: "refused"; readonly byVersion: boolean; readonly sentence: string }
  | { readonly kind: "unreachable"; readonly sentence: string };

const patienceMs = 5_000;

/** What a greeting needs: a link to the broker and a timer. A simulation hands over its own. */
export interface GreetWorld extends World {
  /** Does something after a while; answers how to cancel it. */
  after(ms: number, act: () => void): () => void;
}

/** Connects over a real link without a will, and leaves. */
export async function greet({ plan, target, engine }: FleetRun, version: ProtocolVersion): Promise<Greeting> {
  const world: GreetWorld = {
    clock: monotonicClock,
    wakes: new Deadlines<Wakeable>(),
    canReset: false,
    dial: (receiver) => {
      const sourceAddress = plan.sourceAddresses[0];
      return dial(target, { sourceAddress, engine }, receiver);
    },
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  };
  return await greetIn(world, plan, version);
}

/** Connects without a will, and leaves. */
export async function greetIn(world: GreetWorld, plan: FleetPlan, version: ProtocolVersion): Promise<Greeting> {
  const { promise, resolve } = Promise.withResolvers<Greeting>();
  const greeter = new Greeter(
    plainConnectPacket(plan, version, ownIdOf(plan, `p${version}`)),
    resolve,
  );
  const connection = new Connection(world, version, greeter, 0);
  const cancel = world.after(patienceMs, () => greeter.giveUp());
  const greeting = await promise;
  cancel();
  if (greeting.kind === "accepted") connection.send({ type: "disconnect" }, world.clock.nowMs());
  connection.end();
  return greeting;
}

class Greeter implements ConnectionOwner {
  #opened = false;

  constructor(readonly connect: ConnectPacket, readonly answer: (greeting: Greeting) => void) {}

  giveUp(): void {
    const what = this.#opened ? "no CONNACK" : "no answer";
    this.answer({ kind: "unreachable", sentence: `${what} within ${patienceMs / 1_000} s` });
  }

  onOpen(connection: Connection, nowMs: number): void {
    this.#opened = true;
    connection.send(this.connect, nowMs);
  }

  onPacket(connection: Connection, packet: Packet): void {
    if (packet.type !== "connack") return;
    if (packet.reasonCode === 0) return this.answer({ kind: "accepted", connack: packet });
    // A 3.1.1 server answers an unknown level with return code 1. [MQTT311 3.1.2-2] [MQTT5 3.1.2-2]
    const byVersion = packet.reasonCode === 1 || packet.reasonCode === 0x84;
    const cure = isLoginRefused(connection.version, packet.reasonCode)
      ? "; say who you are with --username and --password-file"
      : "";
    this.answer({ kind: "refused", byVersion, sentence: connackText(connection.version, packet.reasonCode) + cure });
  }

  onOver(_connection: Connection, end: ConnectionEnd): void {
    if (!this.#opened) return this.answer({ kind: "unreachable", sentence: endText(end) });
    // A server need not answer an unknown level; and what a 3.1.1 server answers to 5.0 is no 5.0 packet.
    this.answer({ kind: "refused", byVersion: true, sentence: endText(end) });
  }
}
