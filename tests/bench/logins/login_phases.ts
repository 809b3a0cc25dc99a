/** Storms of logins and floods of wrong ones, and the wait of a legitimate login meanwhile. */
import { ChildProcess } from "../../support/machine/child_process.ts";
import { quantiles } from "../attacks/honest_traffic.ts";
import { login, loginAtLast, type LoginResult } from "./login_client.ts";

/** The passwords of the users: correct ones, unless a wrong one is requested. */
export const passwordOf = (user: string) => `the password of ${user}`;

/** The users of the fleet that reconnects. */
export const fleetUsers: readonly string[] = Array.from({ length: 5 }, (_, at) => `fleet-${at}`);
/** The users of legitimate logins, each for one login: the broker has not cached their passwords. */
export const legitimateUsers: readonly string[] = Array.from({ length: 28 }, (_, at) => `person-${at}`);

/** The addresses and the user name of wrong logins. */
export interface WrongLogins {
  readonly title: string;
  readonly isSameAddress: boolean;
  readonly user: (number: number) => string;
}

export const wrongLogins: readonly WrongLogins[] = [
  { title: "from another address, for one user", isSameAddress: false, user: () => "fleet-0" },
  { title: "from the same address, for another user", isSameAddress: true, user: () => "fleet-0" },
  { title: "from the same address, for names that do not exist", isSameAddress: true, user: (at) => `nobody-${at}` },
  {
    title: "from the same address, for ten users in turn",
    isSameAddress: true,
    user: (at) => legitimateUsers[legitimateUsers.length - 1 - at % 10]!,
  },
];

export interface PhaseSettings {
  readonly port: number;
  readonly clients: number;
  readonly wrongPerSecond: number;
  /** Each phase has its own addresses, because the ports of an address stay in use for a minute. */
  readonly number: number;
}

/** The addresses of the storm, of legitimate logins, and of wrong ones that come from the same address. */
const addressOf = ({ number }: PhaseSettings) => `127.0.1.${number}`;
const otherAddressOf = ({ number }: PhaseSettings) => `127.0.2.${number}`;

/** The figures of one phase. */
export interface Phase {
  readonly title: string;
  /** The clients of the storm, and the time until each was connected; empty without a storm. */
  readonly storm:
    | { readonly clients: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
    | undefined;
  /** Refusals in the storm; the client repeats each refused login. */
  readonly stormRefusals: number;
  /** Wrong logins sent, and those with an answer. */
  readonly wrong: { readonly sent: number; readonly answered: number; readonly letIn: number } | undefined;
  /** For each legitimate login: its wait, and the refusals before it was accepted. */
  readonly legitimate: readonly { readonly ms: number; readonly refusals: number }[];
}

let nextLegitimate = 0;

/** One login of a user whose password the broker has not cached. */
export async function legitimate(settings: PhaseSettings): Promise<{ ms: number; refusals: number }> {
  const user = legitimateUsers[nextLegitimate++ % legitimateUsers.length]!;
  const login = { clientId: user, username: user, password: passwordOf(user) };
  const asked = { port: settings.port, from: addressOf(settings), ...login };
  const { ms, refusals, socket } = await loginAtLast(asked);
  socket.destroy();
  return { ms, refusals };
}

/** All clients at once; they stay until `close` is called. */
export async function storm(settings: PhaseSettings) {
  const { port, clients } = settings;
  const from = addressOf(settings);
  const all = await Promise.all(Array.from({ length: clients }, (_, at) => {
    const user = fleetUsers[at % fleetUsers.length]!;
    return loginAtLast({ port, from, clientId: `c${at}`, username: user, password: passwordOf(user) });
  }));
  return {
    figures: { clients, ...quantiles(all.map(({ ms }) => ms)) },
    refusals: all.reduce((sum, { refusals }) => sum + refusals, 0),
    close: () => all.forEach(({ socket }) => socket.destroy()),
  };
}

/** Sends wrong logins at a rate until it is stopped. */
export class WrongFlood {
  sent = 0;
  answered = 0;
  letIn = 0;
  readonly #timer;
  #dueMs = performance.now();

  constructor(settings: PhaseSettings, flood: WrongLogins) {
    this.#timer = setInterval(() => {
      const stepMs = 1_000 / settings.wrongPerSecond;
      for (const nowMs = performance.now(); this.#dueMs <= nowMs; this.#dueMs += stepMs) {
        this.#send(settings, flood);
      }
    }, 4);
  }

  stop(): { sent: number; answered: number; letIn: number } {
    clearInterval(this.#timer);
    return { sent: this.sent, answered: this.answered, letIn: this.letIn };
  }

  #send(settings: PhaseSettings, { isSameAddress, user }: WrongLogins): void {
    const number = this.sent++;
    const from = isSameAddress ? addressOf(settings) : otherAddressOf(settings);
    const asked = {
      port: settings.port,
      from,
      clientId: `wrong-${number}`,
      username: user(number),
      password: `wrong ${number}`,
    };
    void login(asked).then(({ code, socket }: LoginResult) => {
      if (code !== undefined) this.answered++;
      if (code === 0) this.letIn++;
      socket.destroy();
    });
  }
}

const pause = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined));
/** How long wrong logins come before the storm, or before the first legitimate login, in milliseconds. */
const warmMs = 1_000;
/** How long after the start of a storm or a flood a legitimate login begins, in milliseconds. */
const intoMs = 200;
/** The number of legitimate logins during a flood without a storm. */
const loginsInFlood = 3;
const betweenMs = 300;
const floodMs = 4_000;

/** Messages to the process of the load. */
export interface LoadSettings extends PhaseSettings {
  readonly storm: boolean;
  /** An index in {@link wrongLogins}; undefined for none. */
  readonly flood?: number;
}

/** The outcome. */
interface Load {
  readonly storm: Phase["storm"];
  readonly stormRefusals: number;
  readonly wrong: Phase["wrong"];
}

/** The load, in a process of its own. @param begun called once wrong logins have come for a second */
export async function runLoad(settings: LoadSettings, begun: () => void): Promise<Load> {
  const wrong = settings.flood === undefined ? undefined : new WrongFlood(settings, wrongLogins[settings.flood]!);
  if (wrong !== undefined) await pause(warmMs);
  begun();
  const storming = settings.storm ? await storm(settings) : await pause(floodMs);
  const counted = wrong?.stop();
  storming?.close();
  return { storm: storming?.figures, stormRefusals: storming?.refusals ?? 0, wrong: counted };
}

/** A storm, wrong logins, or both; and legitimate logins from this process. */
export async function runPhase(settings: LoadSettings, title: string): Promise<Phase> {
  const script = new URL("./login_load.ts", import.meta.url).pathname;
  const flags = ["run", "--quiet", "--no-check", "--no-prompt", "--allow-net", "--ignore-env"];
  const args = [...flags, script, JSON.stringify(settings)];
  await using load = new ChildProcess(Deno.execPath(), args);
  await load.line(/^begin$/);
  await pause(intoMs);
  const waited = [];
  for (let each = 0; each < (settings.storm ? 1 : loginsInFlood); each++) {
    waited.push(await legitimate(settings));
    await pause(betweenMs);
  }
  const [line] = await load.line(/^\{.*\}$/, { limitMs: 90_000 });
  return { title, legitimate: waited, ...JSON.parse(line) as Load };
}
