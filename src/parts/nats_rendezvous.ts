/**
 * The rendezvous on NATS: core messages, and JetStream's key-value store for the run and its reports. It uses no
 * consumer, no watch and no object store: after the loss of a node of a cluster, those receive nothing for up to 30 s.
 */
import { type KV, Kvm } from "@nats-io/kv";
import { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node";
import { UsageError } from "../base/failure.ts";
import type { Rendezvous } from "./rendezvous.ts";

/** The address of a NATS server, and the login. */
export interface NatsAddress {
  /** Servers, each `host:port`. */
  readonly servers: readonly string[];
  /** For display: without a login. */
  readonly shown: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** The content of a credentials file. */
  readonly creds?: Uint8Array;
  /** TLS is required; `ca` is in PEM. */
  readonly tls?: { readonly ca?: string };
}

const bucket = "mqtt-sim";
const keptMs = 86_400_000;
const dialMs = 5_000;
/** Time limit of one operation of the store: it is unavailable for some seconds after the loss of a node. */
const storeMs = 3_000;
const replicasOfCluster = 3;

/** Connects to NATS. @throws UsageError when that is not possible */
export async function connectNats(address: NatsAddress, name: string): Promise<Rendezvous> {
  let connection: NatsConnection | undefined;
  try {
    connection = await connect(optionsOf(address, name));
    return new NatsRendezvous(connection, await storeOf(connection));
  } catch (error) {
    await connection?.close();
    const why = error instanceof Error ? error.message : String(error);
    const stream = connection === undefined ? "" : " with JetStream (nats-server -js)";
    throw new UsageError(`Cannot use NATS at ${address.shown}: ${why}; expected a reachable server${stream}`);
  }
}

function optionsOf({ servers, user, password, token, creds, tls }: NatsAddress, name: string) {
  return {
    servers: [...servers],
    name,
    timeout: dialMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    ...user !== undefined && { user },
    ...password !== undefined && { pass: password },
    ...token !== undefined && { token },
    ...creds && { authenticator: credsAuthenticator(creds) },
    ...tls && { tls: { ...tls.ca !== undefined && { ca: tls.ca } } },
  };
}

async function storeOf(connection: NatsConnection): Promise<KV> {
  const stores = new Kvm(connection);
  const options = (replicas: number) => ({ history: 1, ttl: keptMs, replicas, timeout: dialMs });
  if (connection.info?.cluster === undefined) return await stores.create(bucket, options(1));
  try {
    return await stores.create(bucket, options(replicasOfCluster));
  } catch {
    // A cluster of fewer nodes, or a store that exists with other settings.
    return await stores.create(bucket, options(1)).catch(() => stores.open(bucket));
  }
}

class NatsRendezvous implements Rendezvous {
  readonly #connection: NatsConnection;
  #store: KV;

  constructor(connection: NatsConnection, store: KV) {
    this.#connection = connection;
    this.#store = store;
  }

  publish(subject: string, bytes: Uint8Array): void {
    if (!this.#connection.isClosed()) this.#connection.publish(subject, bytes);
  }

  listen(subject: string, receive: (bytes: Uint8Array) => void): () => void {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) receive(message.data);
      },
    });
    return () => subscription.unsubscribe();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const entry = await inTime(this.#store.get(key));
    return entry === null || entry.operation !== "PUT" ? undefined : entry.value;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    try {
      await inTime(this.#store.put(key, bytes));
    } catch (error) {
      // A server that came back without its files lacks the store: the next attempt has it. In a cluster, the other
      // nodes have it, and a store without a leader must not be made again.
      if (this.#connection.info?.cluster === undefined) {
        await inTime(storeOf(this.#connection)).then((store) => this.#store = store, () => {});
      }
      throw error;
    }
  }

  async putIfNew(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await inTime(this.#store.create(key, bytes));
      return true;
    } catch (error) {
      if (await this.get(key) !== undefined) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.race([this.#connection.flush(), passed(1_000)]).catch(() => {});
    await Promise.race([this.#connection.close(), passed(1_000)]);
  }
}

/** Rejects when an operation takes too long. */
async function inTime<T>(operation: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("the store of NATS does not answer")), storeMs);
  try {
    return await Promise.race([operation, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, ms)));
}
