/** A broker core with clients on memory links; the clients only count bytes. */
import { ManualClock } from "../../src/base/clock.ts";
import type { Core } from "../../src/broker/core/core.ts";
import { startCore } from "../../src/broker/serve/start_core.ts";
import { type CoreOptions, coreSettings } from "../../src/broker/options/options.ts";
import { serve } from "../../src/broker/serve/serve.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";
import { SimLink } from "../sim/broker/sim_link.ts";

export class BenchStage {
  readonly clock = new ManualClock();
  readonly core: Core;
  #assigned = 0;

  constructor(options: CoreOptions = {}) {
    this.core = startCore(coreSettings({ clock: this.clock, ...options }, () => `assigned${++this.#assigned}`));
  }

  dial(highWaterBytes = 1e9): SimLink {
    const link = new SimLink(() => this.clock.nowMs(), highWaterBytes);
    serve(this.core, link, () => {});
    return link;
  }

  /** A connected client, subscribed if a filter is given. */
  connect(clientId: string, topicFilter?: string, version: ProtocolVersion = 5): SimLink {
    const link = this.dial();
    send(link, connectOf(clientId, version), version);
    if (topicFilter !== undefined) {
      send(link, { type: "subscribe", packetId: 1, subscriptions: [{ topicFilter, qos: 2 }] }, version);
    }
    empty(link);
    return link;
  }
}

export function connectOf(clientId: string, protocolVersion: ProtocolVersion = 5): Packet {
  return { type: "connect", protocolVersion, cleanStart: true, keepAliveS: 0, clientId };
}

export function send(link: SimLink, packet: Packet, version: ProtocolVersion = 5): void {
  link.receiver.onBytes(encode(packet, version));
}

/** Reads all bytes; returns the last write. */
export function empty(link: SimLink): Uint8Array | undefined {
  let last: Uint8Array | undefined;
  for (let written = link.take(); written !== undefined; written = link.take()) last = written.bytes;
  return last;
}
