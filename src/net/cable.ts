/**
 * Cuts single TCP connections as a pulled cable does: nftables drops their packets in both directions. The rules are in
 * a table of their own that belongs to one process of `nft`: the kernel removes it when that process ends, and it ends
 * with its standard input, so that nothing remains after this program, however that ends. Linux 5.12 or later.
 */
import { UsageError } from "../base/failure.ts";
import type { Link } from "./link.ts";

/** Cuts connections until it is closed. */
export interface Cable {
  /** Drops every further packet of a connection. */
  cut(link: Link): void;
  /** Removes all rules. */
  close(): void;
}

/** The commands that make a table without any connection in it. */
function tableCommands(table: string): string {
  const sets = families.map(({ set, type }) =>
    `add set inet ${table} ${set} { type ${type} . inet_service . ${type} . inet_service; }`
  );
  const rules = families.flatMap(({ set, ip }) => [
    `add rule inet ${table} out ${ip} saddr . tcp sport . ${ip} daddr . tcp dport @${set} drop`,
    `add rule inet ${table} in ${ip} daddr . tcp dport . ${ip} saddr . tcp sport @${set} drop`,
  ]);
  return [
    `add table inet ${table} { flags owner; }`,
    ...sets,
    `add chain inet ${table} out { type filter hook output priority 0; }`,
    `add chain inet ${table} in { type filter hook input priority 0; }`,
    ...rules,
  ].map((line) => `${line}\n`).join("");
}

const families = [
  { set: "four", type: "ipv4_addr", ip: "ip" },
  { set: "six", type: "ipv6_addr", ip: "ip6" },
] as const;

/** Ctrl-C goes to all processes of a terminal, and the rules are needed until the run is over. */
const shellCommand = "trap '' INT; exec nft -i";

function spawnNft(): Deno.ChildProcess {
  return new Deno.Command("sh", { args: ["-c", shellCommand], stdin: "piped", stdout: "null", stderr: "piped" })
    .spawn();
}

/**
 * The real cable, with one process of `nft`.
 *
 * @param number distinguishes the cables of this process
 */
export function nftCable(number: number): Cable {
  const table = tableName(String(number));
  const child = spawnNft();
  const input = child.stdin.getWriter();
  const encoder = new TextEncoder();
  // A process that has ended takes no more; the check before the run showed that it works.
  const send = (text: string) => void input.write(encoder.encode(text)).catch(() => {});
  void child.stderr.cancel().catch(() => {});
  child.unref();
  send(tableCommands(table));
  return {
    cut: ({ ends }) => {
      if (ends !== undefined) send(cutCommand(table, ends.local, ends.remote));
    },
    close: () => void input.close().catch(() => {}),
  };
}

function tableName(name: string): string {
  return `mqtt_sim_${Deno.pid}_${name}`;
}

function cutCommand(table: string, local: string, remote: string): string {
  const set = local.includes("]") || local.split(":").length > 2 ? "six" : "four";
  return `add element inet ${table} ${set} { ${end(local)} . ${end(remote)} }\n`;
}

/** `host:port` as nft writes it. */
function end(text: string): string {
  const at = text.lastIndexOf(":");
  return `${text.slice(0, at).replace(/^\[|\]$/g, "")} . ${text.slice(at + 1)}`;
}

/**
 * Makes and removes a table, before anything depends on it.
 *
 * @throws UsageError where this process may not
 */
export async function checkCable(what: string): Promise<void> {
  const why = await cableFault();
  if (why === undefined) return;
  throw new UsageError(
    `Cannot use ${what}, which drops packets with nftables: expected Linux, the program nft and root (CAP_NET_ADMIN); ${why}`,
  );
}

async function cableFault(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return `this is ${Deno.build.os}`;
  try {
    const child = new Deno.Command("sh", {
      args: ["-c", "exec nft -f -"],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode(tableCommands(tableName("check")))).catch(() => {});
    await input.close().catch(() => {});
    const { success, stderr } = await child.output();
    if (success) return undefined;
    return `nft answered: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
