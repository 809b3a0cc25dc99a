/**
 * The references of servers to others: reason codes 0x9C (use another server) and 0x9D (server moved) in CONNACK and
 * DISCONNECT. A run follows them where the user requests it. [MQTT5 4.11]
 */
import type { ConnackPacket, DisconnectPacket } from "../../../mqtt/packet.ts";
import { ReasonCode } from "../../../mqtt/reason.ts";
import type { Endpoint } from "../../../net/endpoint.ts";
import { referencedEndpoint } from "../../../net/endpoint.ts";
import type { World } from "../../../net/world.ts";

/** How many references one CONNECT follows: two servers may refer to each other. */
export const mostHops = 3;

/** The most other servers that a run knows; a client with a further reference stays with its server. */
const mostServers = 100;

/** Where the clients of one squad have to connect. */
export class References {
  /** Receives each reference that a connection follows, as the address of the other server. */
  onFollow: ((address: string) => void) | undefined;
  readonly #target: Endpoint;
  readonly #worldOf: (endpoint: Endpoint) => World;
  readonly #servers = new Map<string, World>();
  /** The server for the next CONNECT of a client; `moved` is for all later ones, too. */
  readonly #next = new Map<number, { readonly address: string; readonly moved: boolean }>();

  constructor(target: Endpoint, worldOf: (endpoint: Endpoint) => World) {
    this.#target = target;
    this.#worldOf = worldOf;
  }

  /** The server to which a refusal refers; undefined where the client must not follow. */
  follow(packet: ConnackPacket | DisconnectPacket, hops: number, client: number | undefined): World | undefined {
    const address = hops < mostHops ? this.#addressIn(packet) : undefined;
    const world = address === undefined ? undefined : this.#serverAt(address);
    if (world === undefined) return undefined;
    if (packet.reasonCode === ReasonCode.serverMoved) this.#remember(packet, client);
    this.onFollow?.(address!);
    return world;
  }

  /** Remembers the reference of a DISCONNECT for the next CONNECT of the client. */
  note(packet: DisconnectPacket, client: number | undefined): void {
    this.#remember(packet, client);
  }

  /** The server of the next CONNECT of a client, where a server has referred it to another one. */
  next(client: number | undefined): World | undefined {
    const known = client === undefined ? undefined : this.#next.get(client);
    if (known === undefined) return undefined;
    if (!known.moved) this.#next.delete(client!);
    const world = this.#serverAt(known.address);
    if (world !== undefined) this.onFollow?.(known.address);
    return world;
  }

  #remember(packet: ConnackPacket | DisconnectPacket, client: number | undefined): void {
    const address = this.#addressIn(packet);
    if (address === undefined || client === undefined) return;
    this.#next.set(client, { address, moved: packet.reasonCode === ReasonCode.serverMoved });
  }

  /** The address in a packet that refers to another server. */
  #addressIn({ reasonCode, properties }: ConnackPacket | DisconnectPacket): string | undefined {
    if (reasonCode !== ReasonCode.useAnotherServer && reasonCode !== ReasonCode.serverMoved) return undefined;
    const reference = properties?.serverReference;
    const endpoint = reference === undefined ? undefined : referencedEndpoint(this.#target, reference);
    return endpoint && endpoint.url;
  }

  #serverAt(address: string): World | undefined {
    const known = this.#servers.get(address);
    if (known !== undefined) return known;
    if (this.#servers.size >= mostServers) return undefined;
    const world = this.#worldOf(referencedEndpoint(this.#target, address.replace(/^\w+:\/\//, ""))!);
    this.#servers.set(address, world);
    return world;
  }
}
