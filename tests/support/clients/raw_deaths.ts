/**
 * Kills over raw sockets, one client for each, at the same time on one broker: the arrival times of each will at a
 * watcher on a raw socket. Shares no code with mqtt-sim.
 */
import { connectBytes, type RawConnect, RawSocket, subscribeBytes } from "./raw_mqtt.ts";

/** One life, its end, and optionally the CONNECT that follows. */
export interface RawDeath {
  readonly version: 4 | 5;
  /** Clean Start (3.1.1: Clean Session) of the life that ends. */
  readonly clean: boolean;
  readonly sessionExpiryS?: number;
  readonly willDelayS?: number;
  /** Default: 60 s. */
  readonly keepAliveS?: number;
  /** How it ends; the bytes are sent, followed by FIN unless the broker has to close. */
  readonly end: "reset" | "silence" | "takeover" | "second-connect" | readonly number[];
  /** A CONNECT of the same client without a will, this long after the end; `takeover` sends it at once. */
  readonly back?: { readonly clean: boolean; readonly afterMs?: number };
}

/** Milliseconds from the end to each will. */
export type Sights = readonly (readonly number[])[];

type Login = Pick<RawConnect, "username" | "password">;

const decoder = new TextDecoder();

/** Kills all clients, and watches for `watchMs`. */
export async function rawDeaths(
  port: number,
  deaths: readonly RawDeath[],
  watchMs: number,
  login: Login = {},
): Promise<Sights> {
  const marks = crypto.randomUUID().slice(0, 6);
  const seen = new Map<string, number[]>();
  const watcher = await RawSocket.open(port);
  await watcher.connect({ version: 4, clientId: `w-${marks}`, clean: true, keepAliveS: 0, ...login });
  watcher.send(subscribeBytes(4, `d-${marks}/+`));
  await watcher.next();
  void note(watcher, seen);
  const diedMs = await Promise.all(deaths.map((death, number) => die(port, death, `d-${marks}/${number}`, login)));
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  watcher.socket.destroy();
  return deaths.map((_, number) => (seen.get(`d-${marks}/${number}`) ?? []).map((atMs) => atMs - diedMs[number]!));
}

async function note(watcher: RawSocket, seen: Map<string, number[]>): Promise<void> {
  try {
    for (;;) {
      const { first, body } = await watcher.next();
      if (first >> 4 !== 3) continue;
      const topic = decoder.decode(body.subarray(2, 2 + body[1]!));
      seen.set(topic, [...seen.get(topic) ?? [], performance.now()]);
    }
  } catch {
    // The broker closed the link.
  }
}

/** Runs one life to its end; returns the time of the end. */
async function die(port: number, death: RawDeath, willTopic: string, login: Login): Promise<number> {
  const { version, clean, sessionExpiryS = 0, willDelayS = 0, keepAliveS = 60, end, back } = death;
  const clientId = willTopic.replace("/", "-");
  const connect = { version, clientId, clean, sessionExpiryS, willDelayS, keepAliveS, willTopic, ...login };
  const raw = await RawSocket.open(port);
  await raw.connect(connect);
  const diedMs = performance.now();
  if (end === "reset") raw.socket.resetAndDestroy();
  else if (end === "second-connect") raw.send(connectBytes(connect));
  else if (typeof end === "object") raw.socket.end(Uint8Array.from(end));
  if (back !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, back.afterMs ?? 0));
    const again = await RawSocket.open(port);
    const { willTopic: _, willDelayS: _delay, ...plain } = connect;
    await again.connect({ ...plain, clean: back.clean });
  }
  return diedMs;
}
