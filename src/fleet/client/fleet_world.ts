/** The world of a fleet: links to its broker, and the timers to wake. */
import { authenticatorOf } from "../../auth/auth_settings.ts";
import type { Authenticator } from "../../auth/exchange.ts";
import { PasswordCommands } from "../../auth/password_command.ts";
import { bytesOfText } from "../../base/bytes.ts";
import { monotonicClock } from "../../base/clock.ts";
import { Deadlines } from "../../base/deadlines.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineName } from "../../net/engine.ts";
import { readPairNow } from "../../net/tls/tls_identity.ts";
import { type TimedWorld, type World, worldOf } from "../../net/world.ts";
import type { Cable } from "../../net/cable.ts";
import { clientIdOf } from "../plan/client_id.ts";
import { References } from "./reference/references.ts";
import { clientPair, hasOwnPairs } from "../plan/client_pair.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** An object with a timer to wake. */
export interface Wakeable {
  wake(nowMs: number): void;
}

/** Enhanced authentication of every connection. */
export interface FleetAuth {
  readonly authenticator: Authenticator;
  /** How often each connection authenticates again; never when absent. */
  readonly renewEveryMs?: number | undefined;
}

/** The names of a client that a command has the broker disconnect. */
export interface KickedClient {
  readonly number: number;
  readonly clientId: string;
}

/** The world that a squad needs; tests provide a manual clock and links in memory. */
export interface FleetWorld extends World {
  /** Every object with a timer; the squad's owner calls it on each turn. */
  readonly wakes: Deadlines<Wakeable>;
  /** Cuts connections where the plan has a kill mode for it. */
  readonly cable?: Cable | undefined;
  /**
   * Has the broker end the connection of a client, where the plan has a kill mode for it.
   *
   * @param onFault receives why the broker could not be asked
   */
  kick?(client: KickedClient, onFault: (sentence: string) => void): void;
  /** Enhanced authentication, where the plan has a method. */
  readonly auth?: FleetAuth | undefined;
  /** The passwords that the user's command writes, where the plan has one. */
  readonly passwords?: PasswordCommands | undefined;
  /** Other servers to which servers refer, where the run follows them. */
  readonly references?: References | undefined;
  /** Links to each node of a cluster, in the plan's order; absent for a broker with one address. */
  readonly nodes?: readonly World[];
  /** The nodes that are stopped, by their places: no client connects to them. */
  readonly down?: Set<number>;
}

/** The settings of a run with the target and the source of its links. */
interface Reach {
  readonly plan: FleetPlan;
  readonly target: Endpoint;
  readonly nodes?: readonly Endpoint[] | undefined;
  readonly engine?: EngineName | undefined;
}

/** The real world of a fleet, with no timer yet. */
export function fleetWorldOf({ plan, target, nodes, engine }: Reach): FleetWorld & TimedWorld {
  const pairOf = hasOwnPairs(plan)
    ? (client: number) => {
      const files = clientPair(plan, client);
      return files && readPairNow(files.cert, files.key, target.tls?.keyPassphrase);
    }
    : undefined;
  const to = (endpoint: Endpoint) => worldOf(endpoint, engine, plan.sourceAddresses, pairOf);
  const auth = fleetAuthOf(plan);
  const wakes = new Deadlines<Wakeable>();
  const passwords = passwordsOf(plan, target);
  return {
    ...to(target),
    wakes,
    ...auth && { auth },
    ...passwords && { passwords },
    ...plan.followReferences && { references: new References(target, to) },
    ...nodes && { nodes: nodes.map(to), down: new Set<number>() },
  };
}

/** The enhanced authentication of a plan; undefined without a method. */
export function fleetAuthOf(plan: FleetPlan): FleetAuth | undefined {
  const { authBytes, reauthEveryMs: renewEveryMs } = plan;
  const authenticator = authenticatorOf(plan, authBytes === undefined ? undefined : bytesOfText(authBytes));
  return authenticator && { authenticator, renewEveryMs };
}

/** The passwords of each target: all worlds of one run on a thread share them. */
const passwordsByTarget = new WeakMap<Endpoint, PasswordCommands>();

/** The passwords that the command of a plan writes; undefined without one. */
export function passwordsOf(plan: FleetPlan, target: Endpoint): PasswordCommands | undefined {
  const { passwordCommand: command, passwordLifetimeMs: lifetimeMs } = plan;
  if (command === undefined) return undefined;
  let passwords = passwordsByTarget.get(target);
  if (passwords === undefined) {
    const clientIdOfPlan = (client: number) => clientIdOf(plan, client);
    const settings = { command, lifetimeMs, ownLogins: hasOwnLogins(plan), clientIdOf: clientIdOfPlan };
    passwordsByTarget.set(target, passwords = new PasswordCommands(settings, monotonicClock));
  }
  return passwords;
}

/** Whether watchers and canaries have passwords of their own. */
export function hasOwnLogins({ watcherPassword, canaryPassword }: FleetPlan): boolean {
  return watcherPassword !== undefined && canaryPassword !== undefined;
}

/**
 * Wakes the objects whose timers are due; returns false if something more urgent falls due before the rest.
 *
 * @param urgentMs returns its instant
 */
export function wakeDue({ wakes, clock }: FleetWorld, nowMs: number, urgentMs: () => number): boolean {
  for (let due = wakes.takeDue(nowMs); due !== undefined; due = wakes.takeDue(nowMs)) {
    due.wake(nowMs);
    if (wakes.nextMs <= nowMs && urgentMs() <= clock.nowMs()) return false;
  }
  return true;
}
