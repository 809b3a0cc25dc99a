/** The flags for the rendezvous of a run in several parts, and the address of its NATS servers. */
import { UsageError } from "../../base/failure.ts";
import { parseDurationMs, parseWhole } from "../../base/units.ts";
import { formatCount, formatDuration } from "../../base/units.ts";
import { mostShards } from "../../fleet/plan/shard.ts";
import { withoutSecrets } from "../../net/endpoint.ts";
import { fileValue as file, type FlagValue, valueFlag } from "../options/flag.ts";

/** The servers of a rendezvous, with the login in their URL. */
export interface OverAddress {
  /** Each `host:port`. */
  readonly servers: readonly string[];
  /** For display: without the login. */
  readonly shown: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** True for `tls://`. */
  readonly isTls: boolean;
}

const usualPort = 4_222;
const allowed = "expected the URL of NATS such as nats://127.0.0.1:4222 or tls://nats.example.org, several with commas";

/** Reads `nats://[user:password@|token@]host[:port]`, several with commas. @throws UsageError when it is none */
export function parseOverAddress(text: string, name: string): OverAddress {
  const urls = text.split(",").map((each) => URL.parse(each.includes("://") ? each : `nats://${each}`));
  const isRight = (url: URL | null): url is URL =>
    url !== null && /^(nats|tls):$/.test(url.protocol) && url.hostname !== "" && /^\/?$/.test(url.pathname) &&
    url.search === "" && url.hash === "";
  if (!urls.every(isRight)) {
    throw new UsageError(`Cannot read ${name} ${JSON.stringify(withoutSecrets(text))}: ${allowed}`);
  }
  const [first] = urls as [URL];
  const servers = urls.map(({ hostname, port }) => `${hostname}:${port || usualPort}`);
  const [user, password] = [first.username, first.password].map(decodeURIComponent) as [string, string];
  return {
    servers,
    shown: servers.map((server) => `${first.protocol}//${server}`).join(","),
    ...user !== "" && (password === "" ? { token: user } : { user, password }),
    isTls: urls.some(({ protocol }) => protocol === "tls:"),
  };
}

const address: FlagValue<OverAddress> = { metavar: "URL", read: parseOverAddress };

/** The login of the rendezvous. */
export const overLoginFlags = {
  overCreds: valueFlag("--over-creds", file, "A credentials file of NATS, for --over. Default: none."),
  overTlsCa: valueFlag(
    "--over-tls-ca",
    file,
    "CA certificates, in PEM, that sign the certificate of NATS, for --over tls://. Default: those of the system.",
  ),
};

/** `--over`. */
export const overFlag = (help: string) => valueFlag("--over", address, help);

function readParts(text: string, name: string): number {
  const parts = parseWhole(text, name);
  if (parts >= 1 && parts <= mostShards) return parts;
  throw new UsageError(`Cannot use ${name} ${text}: expected 1 to ${formatCount(mostShards)}`);
}

const limit = (leastMs: number, mostMs: number): FlagValue<number> => ({
  metavar: "DURATION",
  read: (text, name) => {
    const ms = parseDurationMs(text, name);
    if (ms >= leastMs && ms <= mostMs) return ms;
    throw new UsageError(
      `Cannot use ${name} ${text}: expected ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`,
    );
  },
});

/** The times of a gathering without flags. */
export const overDefaults = { gatherMs: 600_000, silenceMs: 60_000 } as const;

/** The flags of a coordinator. */
export const overFlags = {
  over: overFlag(
    "Coordinate a run that several processes carry out, over NATS with JetStream at this URL: nats:// or tls://, with " +
      "the login in it or in --over-creds. Start mqtt-sim part on each machine, with the --run-id of this run. Default: this process has the clients.",
  ),
  ...overLoginFlags,
  parts: valueFlag(
    "--parts",
    { metavar: "N", read: readParts },
    `Number of parts of a run with --over, 1 to ${
      formatCount(mostShards)
    }. No client connects before all are here, and ` +
      "no client is killed before all clients of all parts are connected. Default: none, which --over does not accept.",
  ),
  gather: valueFlag(
    "--gather",
    limit(1_000, 86_400_000),
    "How long to wait for the parts of a run with --over, 1s to 24h. Default 10m.",
  ),
  partSilence: valueFlag(
    "--part-silence",
    limit(5_000, 3_600_000),
    "A part of a run with --over that is silent for this time is lost, unless its report is stored, 5s to 1h. Default 60s.",
  ),
};

/** The flags of a coordinator, as they were given. */
export interface OverAsked {
  readonly over?: OverAddress | undefined;
  readonly overCreds?: string | undefined;
  readonly overTlsCa?: string | undefined;
  readonly parts?: number | undefined;
  readonly gather?: number | undefined;
  readonly partSilence?: number | undefined;
}

function readRunName(text: string, name: string): string {
  if (/^[0-9A-Za-z-]{1,16}$/.test(text)) return text;
  throw new UsageError(`Cannot use ${name} ${JSON.stringify(text)}: expected 1 to 16 letters, digits or hyphens`);
}

/** The name of a run. */
export const runNameValue: FlagValue<string> = { metavar: "NAME", read: readRunName };
