/**
 * Tries which versions a broker accepts and which limits it announces, and decides the versions of the clients. The
 * report of a broker without a CONNACK is one of: no answer, a close, a malformed CONNACK.
 */
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { checkLimits } from "./check_limits.ts";
import { type ProbeAnswer, probeConnect } from "./probe_connect.ts";
import type { FleetPlan, FleetRun } from "../plan/plan.ts";
import { type BrokerWord, brokerWord } from "../recording/record_header.ts";
import type { Notice } from "../result/result.ts";
import { negotiateProtocol, versionsToAsk } from "./negotiate_protocol.ts";

/** The decision, or why no run is possible. */
export type Versions =
  | {
    readonly kind: "ready";
    readonly plan: FleetPlan;
    readonly protocol: "3.1.1" | "5" | "mix";
    /** The broker's data on itself. */
    readonly broker: readonly BrokerWord[];
  }
  | Refused;

/** Why no run is possible. */
interface Refused {
  readonly kind: "void";
  readonly reason: string;
  readonly notSpoken?: true;
  /** The server answered as an MQTT server does. */
  readonly answered?: true;
}

/**
 * Tries which versions the broker accepts and which limits it announces, and decides the versions of the clients.
 *
 * @param ask greets the broker in one version; over a real link unless a simulation provides its own
 * @throws UsageError when the plan requests a feature that this broker lacks
 */
export async function negotiateVersions(
  run: FleetRun,
  notify: (notice: Notice) => void,
  ask: (version: ProtocolVersion) => Promise<ProbeAnswer> = (version) => probeConnect(run, version),
): Promise<Versions> {
  const { plan, target } = run;
  const versions = versionsToAsk(plan);
  const probeAnswers = new Map<ProtocolVersion, ProbeAnswer>();
  for (const version of versions) {
    // One after the other: the first answer may settle it.
    const answer = await ask(version);
    const refused = refusalOf(target.url, version, answer);
    if (refused !== undefined) return refused;
    if (answer.kind === "accepted") checkLimits(plan, target.url, answer.connack, version);
    probeAnswers.set(version, answer);
  }
  const closed = [...probeAnswers.values()].find(({ kind }) => kind === "closed");
  const spoken = versions.filter((version) => probeAnswers.get(version)!.kind === "accepted");
  if (closed?.kind === "closed" && spoken.length === 0 && !await speaksAnother(versions, ask)) {
    return { kind: "void", reason: `${target.url}: ${closed.sentence}` };
  }
  const settled = negotiateProtocol(plan, target.url, spoken);
  if (settled.kind === "void") return { ...settled, answered: true };
  if (settled.notice !== undefined) notify({ level: "info", text: settled.notice });
  const broker = spoken.flatMap((version) => {
    const answer = probeAnswers.get(version)!;
    return answer.kind === "accepted" ? [brokerWord(version, answer.connack)] : [];
  });
  return { kind: "ready", plan, protocol: settled.protocol, broker };
}

/** Why no run is possible with a broker that answers so; undefined where it may accept another version. */
function refusalOf(url: string, version: ProtocolVersion, answer: ProbeAnswer): Refused | undefined {
  switch (answer.kind) {
    case "unreachable":
      return { kind: "void", reason: `cannot reach ${url}: ${answer.sentence}` };
    case "refused":
      return answer.byVersion
        ? undefined
        : { kind: "void", reason: `${url}: ${answer.sentence}${passingText(answer)}`, answered: true };
    case "faulty":
      return { kind: "void", reason: `${url}: ${answer.sentence}`, answered: true };
    case "malformed":
      return malformedOf(url, version, answer);
    default:
      return undefined;
  }
}

function passingText({ passing }: Extract<ProbeAnswer, { readonly kind: "refused" }>): string {
  return passing ? ", also after 30 s of retries" : "";
}

/** The first byte of a CONNACK. */
const connackByte = 0x20;

function malformedOf(
  url: string,
  version: ProtocolVersion,
  { sentence, bytes }: Extract<ProbeAnswer, { readonly kind: "malformed" }>,
): Refused {
  const asked = `a CONNECT of MQTT ${version === 5 ? "5.0" : "3.1.1"}`;
  if (bytes[0] !== connackByte) {
    return { kind: "void", reason: `${url} answers ${asked} with bytes that are not MQTT (${sentence})` };
  }
  const other = version === 5 ? "; --protocol 3.1.1 tests it without MQTT 5.0" : "";
  const reason =
    `${url} answers ${asked} with a malformed CONNACK, which is a fault of the broker (${sentence})${other}`;
  return { kind: "void", reason, answered: true };
}

/** Whether a broker that closed the connections of those versions accepts the other: then it does not accept those. */
async function speaksAnother(
  asked: readonly ProtocolVersion[],
  ask: (version: ProtocolVersion) => Promise<ProbeAnswer>,
): Promise<boolean> {
  if (asked.length > 1) return false;
  return (await ask(asked[0] === 5 ? 4 : 5)).kind === "accepted";
}
