/**
 * A network namespace with two links to this machine: one for NATS, one for the broker. Each can be cut alone. The
 * addresses are private, and no other machine is reachable from the namespace.
 */
import { ChildProcess } from "../machine/child_process.ts";
import { find, type Peer } from "../brokers/peers.ts";

/** `ip` with the right to make namespaces and links; the probe removes its own. */
export const namespaces: Peer = await find(
  ["sh"],
  ["-c", "ip netns add mqtt-sim-probe$$ && ip netns del mqtt-sim-probe$$"],
  "apt-get install iproute2, and root or CAP_SYS_ADMIN and CAP_NET_ADMIN for network namespaces",
  0,
);

export type LinkName = "nats" | "broker";

export interface Network extends AsyncDisposable {
  /** The address of this machine on a link. */
  readonly addresses: Readonly<Record<LinkName, string>>;
  /** Starts a program in the namespace. */
  start(program: string, args: readonly string[], cwd: URL): ChildProcess;
  /** Takes a link down, or up again. */
  set(link: LinkName, state: "down" | "up"): Promise<void>;
}

async function ip(...args: readonly string[]): Promise<void> {
  const child = new ChildProcess("ip", args);
  if ((await child.exit()).code !== 0) throw new Error(`ip ${args.join(" ")}: ${child.said}`);
}

let networks = 0;

/** Makes it. */
export async function startNetwork(): Promise<Network> {
  // Interface names have 15 characters at most.
  const id = `${Deno.pid}${networks++}`.slice(-7);
  const name = `mqtt-sim-${id}`;
  const net = 64 + Deno.pid % 64;
  const links = (["nats", "broker"] as const).map((link, place) => ({
    link,
    ...{ outer: `ms${id}${link[0]}o`, inner: `ms${id}${link[0]}i` },
    prefix: `100.${net}.${networks % 250}.${place * 4}`.replace(/\d+$/, ""),
    first: place * 4 + 1,
  }));
  await ip("netns", "add", name);
  try {
    for (const { outer, inner, prefix, first } of links) {
      await ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
      await ip("address", "add", `${prefix}${first}/30`, "dev", outer);
      await ip("-n", name, "address", "add", `${prefix}${first + 1}/30`, "dev", inner);
      await ip("link", "set", outer, "up");
      await ip("-n", name, "link", "set", inner, "up");
    }
    await ip("-n", name, "link", "set", "lo", "up");
  } catch (error) {
    await ip("netns", "del", name);
    throw error;
  }
  const [nats, broker] = links.map(({ prefix, first }) => `${prefix}${first}`) as [string, string];
  return {
    addresses: { nats, broker },
    start: (program, args, cwd) => new ChildProcess("ip", ["netns", "exec", name, program, ...args], { cwd }),
    set: (link, state) => ip("-n", name, "link", "set", links.find((each) => each.link === link)!.inner, state),
    // The links end with the namespace.
    [Symbol.asyncDispose]: () => ip("netns", "del", name),
  };
}
