/**
 * The ways in which the fleet ends a life. The oracle, not this file, defines the broker's duty after each.
 */
import { anyEnding } from "../../profiles/endings.ts";

/** Every kill mode, in the order in which tables show them: the endings that make a will due, then those that do not. */
export const killModes = [...anyEnding, "refused-login", "leave"] as const;

/** The action of the fleet that ends a life. */
export type KillMode = typeof killModes[number];

/** One line for each mode, for people. */
export const killModeText: Readonly<Record<KillMode, string>> = {
  "reset": "TCP RST",
  "close": "FIN without DISCONNECT",
  "freeze": "silence on an open connection until the keep alive ends",
  "half-packet": "part of a packet, then FIN or silence",
  "garbage": "malformed bytes",
  "second-connect": "a second CONNECT on the same connection",
  "takeover": "a new connection with the same client id",
  "disconnect-with-will": "DISCONNECT with reason code 0x04 (5.0)",
  "disconnect-error": "DISCONNECT with a reason code of 0x80 and above (5.0)",
  "slow-loris": "the bytes of a packet one by one, past the keep alive",
  "stall": "the client stops reading while the broker sends to it, and is silent",
  "vanish": "nftables drops every packet of the connection (Linux, root)",
  "kicked": "an administrator ends the connection: --kick-command, or the embedded broker",
  "refused-login": "a CONNECT with a will and a wrong password, beside the open connection: no will is due",
  "leave": "a normal DISCONNECT, for comparison: no will is due",
};

/** Modes that MQTT 3.1.1 has no packet for. */
export function needsVersion5(mode: KillMode): boolean {
  return mode === "disconnect-with-will" || mode === "disconnect-error";
}

/**
 * Modes that `all` omits, because they need a feature of the broker or of the machine, or cost the broker memory: a user
 * names them.
 */
const onlyByName: readonly KillMode[] = ["slow-loris", "stall", "vanish", "kicked", "refused-login"];

/** The modes of `all`. */
export const everyKillMode: readonly KillMode[] = killModes.filter((mode) => !onlyByName.includes(mode));

/** Modes that end, always or by one variant, in silence: keep alive detects the end. */
export function fallsSilent(mode: KillMode): boolean {
  return mode === "half-packet" || isSilent(mode);
}

function isSilent(mode: KillMode): boolean {
  return mode === "freeze" || mode === "slow-loris" || hidesClose(mode);
}

/** Modes after which the client cannot see when the broker closes the connection. */
export function hidesClose(mode: string): boolean {
  return mode === "stall" || mode === "vanish";
}

/** Modes after which the client is connected at once, or still. */
export function staysOnline(mode: KillMode): boolean {
  return mode === "takeover" || mode === "refused-login";
}

/** Modes whose kill another program or the broker completes, some time after its start. */
export function endsLater(mode: KillMode): boolean {
  return mode === "takeover" || mode === "kicked" || mode === "refused-login";
}

/** Modes that the open connection of the client carries out. */
export type OwnKillMode = Exclude<KillMode, "takeover" | "kicked" | "refused-login">;

/** The weight of one mode, relative to the others. */
export interface KillShare {
  /** The kill mode. */
  readonly mode: KillMode;
  /** 0 or more; shares need not add up to anything. */
  readonly weight: number;
}
