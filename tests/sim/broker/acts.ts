/**
 * The actions of simulated clients, drawn from the seed: everything that the protocol permits, and some actions that it
 * forbids.
 */
import type { QoS, Subscription } from "../../../src/mqtt/packet.ts";
import { publishOwn, releaseAgain } from "./inspect.ts";
import { violations } from "./violations.ts";
import { type ModelConnect, type ModelWill, never } from "./model_state.ts";
import type { SimClient } from "./sim_client.ts";
import type { Simulation } from "./simulation.ts";

const topics = ["a", "a/b", "a/c", "b", "b/b", "$SYS/y", "a//b", "s/1", "s/1", "s/2"];
const filters = [
  "#",
  "+",
  "a/#",
  "a/+",
  "+/b",
  "a/b",
  "b",
  "$SYS/#",
  "+/+/b",
  "will/#",
  "$share/g/s/1",
  "$share/h/s/2",
];
/** Larger than the maximum packet size that some clients announce. */
const bigText = ".".repeat(400);
const smallPacketBytes = 200;

export class Acts {
  readonly #sim: Simulation;
  readonly #versions = new Map<SimClient, 4 | 5>();
  readonly #sizes = new Map<SimClient, number>();
  #named = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
    for (const client of sim.clients) {
      this.#versions.set(client, sim.pick([4, 5, 5]));
      this.#sizes.set(client, sim.chance(5) ? smallPacketBytes : Infinity);
    }
  }

  /** Performs one action of one client. */
  step(): void {
    const sim = this.#sim;
    const client = sim.pick(sim.clients);
    if (sim.abandoned.length > 0 && sim.chance(5)) return this.#bury();
    if (sim.chance(40)) return this.#publishOwn();
    if (sim.chance(30)) return releaseAgain(sim.core, client.name, this.#versions.get(client)!, sim.nowMs());
    if (client.wire === undefined || client.wire.connection.over || client.wire.link.over) {
      return this.#comeBack(client);
    }
    const act = sim.random.below(30);
    if (act < 8) this.#exchange(client);
    else if (act < 14 && client.online) this.#publish(client);
    else if (act < 18 && client.online) this.#subscribe(client);
    else if (act < 19 && client.online) this.#unsubscribe(client);
    else if (act < 20) {
      client.wire.send({ type: "pingreq" }, (model, connection, nowMs) => {
        if (connection.online) connection.answers.push("pingresp");
        else model.fault(connection, nowMs);
      });
    } else if (act < 22) this.#leave(client);
    else if (act < 24) this.#die(client);
    else if (act < 25) this.#misbehave(client);
    else if (act < 26) this.#takeOver(client);
    else if (act < 27 && client.online) this.#oddAnswer(client);
    else this.#deliver(client);
  }

  /** The broker publishes to a topic that clients may not use; wildcards at the first level must not match it. */
  #publishOwn(): void {
    const sim = this.#sim;
    const payload = `own${++this.#named}`;
    const head = { topic: "$SYS/y", payload, qos: 0, retain: false, expiryS: undefined } as const;
    sim.model.publish({ ...head, publisherId: "", atMs: sim.nowMs() });
    publishOwn(sim.core, head.topic, payload, sim.nowMs());
  }

  /** An old link whose client has connected elsewhere: its bytes in transit arrive or not, and then it ends. */
  #bury(): void {
    const sim = this.#sim;
    const at = sim.random.below(sim.abandoned.length);
    const wire = sim.abandoned[at]!;
    if (sim.chance(3)) return wire.deliver(1 + sim.random.below(40));
    wire.die(sim.pick(["fin", "reset"]), sim.chance(2));
    sim.abandoned.splice(at, 1);
  }

  #comeBack(client: SimClient): void {
    const { wire } = client;
    if (wire !== undefined && !wire.link.over) {
      if (this.#sim.chance(2)) return wire.die("fin", false);
      this.#sim.abandoned.push(wire);
    }
    this.#connect(client);
  }

  #takeOver(client: SimClient): void {
    this.#sim.abandoned.push(client.wire!);
    this.#connect(client);
  }

  #connect(client: SimClient): void {
    const sim = this.#sim;
    const highWaterBytes = sim.pick([30, 200, 1e6, 1e6]);
    const version = this.#versions.get(client)!;
    if (sim.chance(20)) return void client.dial(version, highWaterBytes); // a link without bytes
    client.connect(this.#asked(client, version), sim.pick([1, 2, 5, 65_535]), highWaterBytes);
    if (!sim.chance(4)) client.wire!.deliver();
    if (!sim.chance(4)) client.wire!.read();
  }

  #asked(client: SimClient, version: 4 | 5): ModelConnect {
    const sim = this.#sim;
    const clientId = client.name;
    const expiries = clientId === "" ? [0, 1, 30] : [0, 1, 3, 5, 30, never];
    return {
      clientId,
      version,
      cleanStart: clientId === "" ? version === 4 || sim.chance(2) : sim.chance(4),
      keepAliveS: sim.pick([0, 0, 1, 2, 10]),
      expiryS: version === 4 ? 0 : sim.pick(expiries),
      will: sim.chance(4) ? undefined : this.#will(clientId, version),
      badLogin: sim.chance(30),
      maximumPacketSize: version === 5 ? this.#sizes.get(client)! : Infinity,
    };
  }

  #will(clientId: string, version: 4 | 5): ModelWill {
    const sim = this.#sim;
    const topic = `will/${clientId}`; // the order of two clients' wills is undefined
    const message = {
      topic,
      payload: `will${++this.#named}`,
      qos: sim.random.below(3),
      retain: clientId !== "" && sim.chance(4),
      expiryS: version === 5 && sim.chance(4) ? sim.pick([1, 5]) : undefined,
      publisherId: clientId === "" ? `anonymous ${this.#named}` : clientId,
    };
    return { message, delayS: version === 5 ? sim.pick([0, 0, 1, 3, 10]) : 0 };
  }

  /** Reads and answers a random number of packets. */
  #exchange(client: SimClient): void {
    const sim = this.#sim;
    for (let count = 1 + sim.random.below(6); count > 0; count--) {
      if (!client.wire!.read()) break;
    }
    for (let count = sim.random.below(6); count > 0 && client.unansweredCount > 0; count--) {
      client.answer(sim.chance(15));
    }
    this.#deliver(client);
  }

  #deliver(client: SimClient): void {
    const sim = this.#sim;
    client.wire!.deliver(sim.chance(4) ? 1 + sim.random.below(30) : Infinity);
  }

  #publish(client: SimClient): void {
    const sim = this.#sim;
    const version = client.wire!.version;
    for (let count = 1 + sim.random.below(5); count > 0; count--) {
      const topic = sim.pick(topics);
      const retain = !topic.startsWith("s/") && sim.chance(5);
      const payload = retain && sim.chance(4) ? "" : `m${++this.#named}${sim.chance(12) ? bigText : ""}`;
      const expiryS = version === 5 && sim.chance(6) ? sim.pick([1, 2, 5]) : undefined;
      const isFull = client.openCount >= sim.limits.receiveMaximum;
      // A member that sends the QoS 1 message again repeats its payload, so the test could not tell whose turn it was.
      const qos = (isFull ? 0 : topic.startsWith("s/") ? sim.pick([0, 2]) : sim.random.below(3)) as QoS;
      const alias = version === 5 && sim.chance(6) ? 1 + sim.random.below(4) : undefined;
      client.publish(qos, topic, payload, retain, expiryS, alias);
      if (alias !== undefined && sim.chance(2)) client.publish(0, "", `m${++this.#named}`, false, undefined, alias);
    }
    if (!sim.chance(3)) this.#deliver(client);
  }

  #subscribe(client: SimClient): void {
    const sim = this.#sim;
    const is5 = client.wire!.version === 5;
    const identifier = is5 && sim.chance(2) ? 1 + sim.random.below(9) : undefined;
    const subscriptions = Array.from({ length: 1 + sim.random.below(3) }, (): Subscription => {
      const topicFilter = sim.pick(filters);
      const noLocal = !topicFilter.startsWith("$share/") && sim.chance(4);
      return {
        topicFilter,
        qos: sim.random.below(3) as QoS,
        ...is5 && { noLocal, retainAsPublished: sim.chance(3), retainHandling: sim.pick([0, 1, 2]) },
      };
    });
    const packetId = 40_000 + ++this.#named % 20_000;
    const properties = identifier === undefined ? {} : { properties: { subscriptionIdentifier: identifier } };
    client.wire!.send({ type: "subscribe", packetId, subscriptions, ...properties }, (model, connection, nowMs) => {
      if (!connection.online) return model.fault(connection, nowMs);
      const asked = subscriptions.map(({ topicFilter, qos, noLocal, retainAsPublished, retainHandling }) => ({
        filter: topicFilter,
        qos,
        noLocal: noLocal ?? false,
        retainAsPublished: retainAsPublished ?? false,
        identifier,
        handling: retainHandling ?? 0,
      }));
      model.subscribe(connection, asked, packetId, nowMs);
    });
    this.#deliver(client);
  }

  #unsubscribe(client: SimClient): void {
    const topicFilters = [this.#sim.pick(filters), this.#sim.pick(filters)];
    const packetId = 40_000 + ++this.#named % 20_000;
    client.wire!.send({ type: "unsubscribe", packetId, topicFilters }, (model, connection, nowMs) => {
      if (connection.online) model.unsubscribe(connection, topicFilters, packetId);
      else model.fault(connection, nowMs);
    });
    this.#deliver(client);
  }

  /**
   * DISCONNECT, with or without the will, and with a session expiry that is shorter, longer, or longer against the
   * rule.
   */
  #leave(client: SimClient): void {
    const sim = this.#sim;
    const is5 = client.wire!.version === 5;
    const reasonCode = is5 ? sim.pick([0, 0, 0x04, 0x80, 0x81]) : 0;
    const expiries = client.name === "" ? [0, 1] : [0, 1, 3, never];
    const expiryS = is5 && sim.chance(3) ? sim.pick(expiries) : undefined;
    const properties = expiryS === undefined ? {} : { properties: { sessionExpiryIntervalS: expiryS } };
    client.wire!.send({ type: "disconnect", reasonCode, ...properties }, (model, connection, nowMs) => {
      if (connection.online) model.disconnect(connection, reasonCode, expiryS, nowMs);
      else model.fault(connection, nowMs);
    });
    if (!sim.chance(4)) client.wire!.deliver();
  }

  #die(client: SimClient): void {
    const sim = this.#sim;
    if (sim.chance(4)) client.wire!.sendBytes(Uint8Array.of(0x32, 0x09, 0x00), () => {}, "half a PUBLISH");
    client.wire!.die(sim.pick(["fin", "reset"]), sim.chance(2));
  }

  #misbehave(client: SimClient): void {
    const { version } = client.wire!;
    const possible = violations.filter((each) =>
      (each.version ?? version) === version && (client.online || each.name !== "a second CONNECT")
    );
    const { name, bytes } = this.#sim.pick(possible);
    client.wire!.sendBytes(bytes, (model, connection, nowMs) => model.fault(connection, nowMs), name);
    this.#deliver(client);
  }

  /** Acknowledgements without a matching message: permitted, and without effect. */
  #oddAnswer(client: SimClient): void {
    const type = this.#sim.pick(["puback", "pubcomp", "pubrel"] as const);
    client.wire!.send({ type, packetId: 60_001 }, (model, connection, nowMs) => {
      if (!connection.online) return model.fault(connection, nowMs);
      if (type === "pubrel") model.released(connection, 60_001);
    });
  }
}
