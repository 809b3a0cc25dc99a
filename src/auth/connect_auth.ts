/**
 * Enhanced authentication of one connection: CONNECT with the method, AUTH in both directions, and the data of the
 * packet that grants access. One class for every client of the program. [MQTT5 4.12]
 */
import type { AuthPacket, ConnackPacket, ConnectPacket } from "../mqtt/packet.ts";
import { ReasonCode, reasonDetails, reasonText } from "../mqtt/reason.ts";
import type { Authenticator, AuthExchange, Step } from "./exchange.ts";

/** The connection of the client. */
export interface AuthLink {
  send(packet: ConnectPacket | AuthPacket): void;
  /** The client cannot go on: the connection has to end. */
  fail(sentence: string): void;
}

/** The largest number of AUTH packets that a server may send in one authentication. */
const mostSteps = 20;

export class ConnectAuth {
  readonly #authenticator: Authenticator;
  readonly #link: AuthLink;
  readonly #connect: ConnectPacket;
  #exchange: AuthExchange;
  /** `idle`: no exchange is under way. */
  #state: "connecting" | "idle" | "renewing" | "over" = "connecting";
  #steps = 0;

  constructor(authenticator: Authenticator, connect: ConnectPacket, link: AuthLink) {
    this.#authenticator = authenticator;
    this.#connect = connect;
    this.#link = link;
    this.#exchange = this.#begin();
  }

  /** Sends CONNECT, with the method and its first data. */
  start(): void {
    this.#exchange.first((step) => {
      if (this.#state !== "connecting") return;
      if (step.kind === "fault") return this.#fail(step.sentence);
      const { username: _, password: _1, ...bare } = this.#connect;
      const packet = this.#authenticator.provesPassword ? bare : this.#connect;
      this.#link.send({ ...packet, properties: { ...packet.properties, ...this.#properties(step.data) } });
    });
  }

  /** Authenticates again on the open connection, where nothing is under way. [MQTT5 4.12.1-1] */
  renew(): void {
    if (this.#state !== "idle") return;
    this.#state = "renewing";
    this.#steps = 0;
    this.#exchange = this.#begin();
    this.#exchange.first((step) => this.#answer(step, ReasonCode.reAuthenticate));
  }

  /** The server sent AUTH. */
  onAuth({ reasonCode = 0, properties }: AuthPacket): void {
    if (this.#state === "over") return;
    if (this.#state === "idle") return this.#fail("the broker sent AUTH, and no authentication was under way");
    const { method } = this.#authenticator;
    const theirs = properties?.authenticationMethod;
    // [MQTT5 4.12.0-5]
    if (theirs !== method) {
      return this.#fail(`the broker sent AUTH with ${named(theirs)}, and CONNECT had ${JSON.stringify(method)}`);
    }
    const data = properties?.authenticationData;
    if (reasonCode === ReasonCode.continueAuthentication) {
      if (++this.#steps > mostSteps) return this.#fail(`the broker sent more than ${mostSteps} AUTH packets`);
      return this.#exchange.answer(
        data ?? new Uint8Array(),
        (step) => this.#answer(step, ReasonCode.continueAuthentication),
      );
    }
    if (reasonCode !== ReasonCode.success || this.#state !== "renewing") {
      return this.#fail(`the broker sent AUTH with ${reasonText(reasonCode, "auth")}${reasonDetails(properties)}`);
    }
    this.#finish(data);
  }

  /** The server accepted CONNECT; returns true if the client may accept that. */
  onAccepted({ properties }: ConnackPacket): boolean {
    if (this.#state !== "connecting") return true;
    const theirs = properties?.authenticationMethod;
    if (theirs !== undefined && theirs !== this.#authenticator.method) {
      this.#fail(`the broker accepted with ${named(theirs)}, not ${JSON.stringify(this.#authenticator.method)}`);
      return false;
    }
    return this.#finish(properties?.authenticationData);
  }

  /** The connection is over: a step under way has no effect any more. */
  stop(): void {
    this.#state = "over";
  }

  #begin(): AuthExchange {
    const { clientId, username = "", password = new Uint8Array() } = this.#connect;
    return this.#authenticator.begin({ clientId, username, password });
  }

  #answer(step: Step, reasonCode: number): void {
    if (this.#state === "over") return;
    if (step.kind === "fault") return this.#fail(step.sentence);
    this.#link.send({ type: "auth", reasonCode, properties: this.#properties(step.data) });
  }

  #finish(data: Uint8Array | undefined): boolean {
    const fault = this.#exchange.finish(data);
    if (fault === undefined) this.#state = "idle";
    else this.#fail(fault);
    return fault === undefined;
  }

  #properties(data: Uint8Array | undefined) {
    return {
      authenticationMethod: this.#authenticator.method,
      ...data !== undefined && { authenticationData: data },
    };
  }

  #fail(sentence: string): void {
    this.#state = "over";
    this.#link.fail(sentence);
  }
}

function named(method: string | undefined): string {
  return method === undefined ? "no authentication method" : `the authentication method ${JSON.stringify(method)}`;
}
