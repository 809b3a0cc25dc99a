/** Resolves names through the runtime's resolver, like the other engine. */
import { lookup } from "node:dns/promises";
import { monotonicClock } from "../../base/clock.ts";
import { isDenied, notPermitted } from "../net_permission.ts";
import type { SocketAddress } from "./libc.ts";
import { socketAddress } from "./socket_address.ts";

/** Why a name has no address. */
interface Unresolved {
  readonly code: string;
  readonly message: string;
}

/** Lifetime of a cached answer in milliseconds: a fleet dials the same name thousands of times per second. */
const keptMs = 1_000;
/** Maximum number of cached names. */
const keptLimit = 64;

type Hosts = readonly string[] | Unresolved;
const kept = new Map<string, { readonly untilMs: number; readonly hosts: Promise<Hosts> }>();

/** The permitted addresses of a name, in the resolver's order: at least one, or the reason why there is none. */
export async function addressesOf(name: string, port: number): Promise<readonly SocketAddress[] | Unresolved> {
  const hosts = await hostsOf(name);
  if ("code" in hosts) return hosts;
  const permitted = hosts.filter((host) => !isDenied(host, port));
  if (permitted.length === 0) return { code: "EPERM", message: notPermitted(hosts[0]!, port) };
  const addresses = permitted.flatMap((host) => socketAddress(host, port) ?? []);
  return addresses.length > 0 ? addresses : { code: "ENOTFOUND", message: `no address of "${name}" can be used` };
}

/** The first address of a name, in numeric form; for a numeric address, itself. */
export async function firstAddressOf(name: string): Promise<string | undefined> {
  if (socketAddress(name, 0) !== undefined) return name;
  const hosts = await hostsOf(name);
  return "code" in hosts ? undefined : hosts[0];
}

function hostsOf(name: string): Promise<Hosts> {
  const nowMs = monotonicClock.nowMs();
  const known = kept.get(name);
  if (known !== undefined && nowMs < known.untilMs) return known.hosts;
  const hosts = lookedUp(name);
  if (kept.size >= keptLimit) kept.clear();
  kept.set(name, { untilMs: nowMs + keptMs, hosts });
  return hosts;
}

async function lookedUp(name: string): Promise<Hosts> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code = "ENOTFOUND", message = String(error) } = error as { code?: string; message?: string };
    return { code, message };
  }
}
