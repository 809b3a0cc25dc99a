/** Storms of logins and floods of wrong ones, and how long a legitimate login waits meanwhile. */
import { quantiles } from "../attacks/honest_traffic.ts";
import { login, loginAtLast, type LoginResult } from "./login_client.ts";

/** The passwords of the users: all are right, unless one asks for a wrong one. */
export const passwordOf = (user: string) => `the password of ${user}`;

/** The users of the fleet that reconnects. */
export const fleetUsers: readonly string[] = Array.from({ length: 5 }, (_, at) => `fleet-${at}`);
/** Users of legitimate logins, each of whom logs in once: the broker has not seen their passwords. */
export const legitimateUsers: readonly string[] = Array.from({ length: 24 }, (_, at) => `person-${at}`);

/** Where wrong logins come from, and the user whom they name. */
export interface WrongLogins {
  readonly title: string;
  readonly from: string;
  readonly user: (number: number) => string;
}

export const wrongLogins: readonly WrongLogins[] = [
  { title: "from another address, for one user", from: "127.0.0.2", user: () => "fleet-0" },
  { title: "from the same address, for another user", from: "127.0.0.1", user: () => "fleet-0" },
  { title: "from the same address, for names that do not exist", from: "127.0.0.1", user: (at) => `nobody-${at}` },
  {
    title: "from the same address, for ten users in turn",
    from: "127.0.0.1",
    user: (at) => legitimateUsers[legitimateUsers.length - 1 - at % 10]!,
  },
];

export interface PhaseSettings {
  readonly port: number;
  readonly clients: number;
  readonly wrongPerSecond: number;
}

/** What one phase showed. */
export interface Phase {
  readonly title: string;
  /** Clients of the storm, and how long each took until it was in; none where there was no storm. */
  readonly storm:
    | { readonly clients: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
    | undefined;
  /** Refusals in the storm, each followed by another try. */
  readonly stormRefusals: number;
  /** Wrong logins sent; how many got an answer. */
  readonly wrong: { readonly sent: number; readonly answered: number; readonly letIn: number } | undefined;
  /** Of each legitimate login: its wait, and refusals before it was let in. */
  readonly legitimate: readonly { readonly ms: number; readonly refusals: number }[];
}

let nextLegitimate = 0;

/** One login of a user whom the broker has not seen. */
export async function legitimate(port: number): Promise<{ ms: number; refusals: number }> {
  const user = legitimateUsers[nextLegitimate++ % legitimateUsers.length]!;
  const asked = { port, from: "127.0.0.1", clientId: user, username: user, password: passwordOf(user) };
  const { ms, refusals, socket } = await loginAtLast(asked);
  socket.destroy();
  return { ms, refusals };
}

/** All clients at once; they stay until `close` is called. */
export async function storm({ port, clients }: PhaseSettings) {
  const all = await Promise.all(Array.from({ length: clients }, (_, at) => {
    const user = fleetUsers[at % fleetUsers.length]!;
    return loginAtLast({ port, from: "127.0.0.1", clientId: `c${at}`, username: user, password: passwordOf(user) });
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
        this.#send(settings.port, flood);
      }
    }, 4);
  }

  stop(): { sent: number; answered: number; letIn: number } {
    clearInterval(this.#timer);
    return { sent: this.sent, answered: this.answered, letIn: this.letIn };
  }

  #send(port: number, { from, user }: WrongLogins): void {
    const number = this.sent++;
    const asked = { port, from, clientId: `wrong-${number}`, username: user(number), password: `wrong ${number}` };
    void login(asked).then(({ code, socket }: LoginResult) => {
      if (code !== undefined) this.answered++;
      if (code === 0) this.letIn++;
      socket.destroy();
    });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Into a storm, or a flood, a legitimate login begins after so long. */
const intoMs = 300;
/** Legitimate logins during a flood without a storm, one a second. */
const loginsInFlood = 3;

/** A storm, with wrong logins besides where they are given. */
export async function stormPhase(settings: PhaseSettings, title: string, flood?: WrongLogins): Promise<Phase> {
  const wrong = flood && new WrongFlood(settings, flood);
  if (wrong !== undefined) await pause(1_000);
  const storming = storm(settings);
  await pause(intoMs);
  const waited = await legitimate(settings.port);
  const { figures, refusals, close } = await storming;
  const counted = wrong?.stop();
  close();
  await pause(1_000);
  return { title, storm: figures, stormRefusals: refusals, wrong: counted, legitimate: [waited] };
}

/** Wrong logins, and legitimate ones one after another. */
export async function floodPhase(settings: PhaseSettings, flood: WrongLogins): Promise<Phase> {
  const wrong = new WrongFlood(settings, flood);
  await pause(1_000);
  const waited = [];
  for (let each = 0; each < loginsInFlood; each++) {
    waited.push(await legitimate(settings.port));
    await pause(500);
  }
  const title = `wrong logins ${flood.title}`;
  return { title, storm: undefined, stormRefusals: 0, wrong: wrong.stop(), legitimate: waited };
}
