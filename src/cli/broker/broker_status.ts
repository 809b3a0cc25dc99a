/**
 * `mqtt-sim broker status`: requests the clients from a running broker's metrics page, and prints them.
 */
import { object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { escapeData, escapeJson } from "../../base/escape.ts";
import { formatBytes, formatCount } from "../../base/units.ts";
import type { StatusReport } from "../../broker/monitor/monitor.ts";
import { type ClientStatus, longestPage, statusFilters } from "../../broker/monitor/status.ts";
import { type Column, tableLines } from "../../report/terminal/table.ts";
import { sentence, switchFlag, valueFlag, wordValue } from "../options/flag.ts";
import type { Output } from "../process/output.ts";
import { readPageUrl, usualPageUrl } from "./page_url.ts";
import { whole } from "../options/setting.ts";

const usualLimit = 50;
/** The time limit for a broker's answer, in milliseconds. */
const patienceMs = 10_000;
/** The broker did not answer. */
const notReachable = 3;

/** `mqtt-sim broker status` and its flags. */
export const statusCommand = command(
  "status",
  object({
    command: constant("broker status"),
    url: valueFlag(
      "--url",
      { metavar: "URL", read: readPageUrl },
      `Address of the broker's --metrics. Default ${usualPageUrl}.`,
    ),
    filter: valueFlag(
      "--filter",
      wordValue(statusFilters),
      "Which clients: online, with an armed will, or with a delayed will. Default all.",
    ),
    limit: valueFlag("--limit", whole(1, longestPage), `Clients to show, 1 to 1,000. Default ${usualLimit}.`),
    offset: valueFlag("--offset", whole(0), "Clients to skip. Default 0."),
    json: switchFlag("--json", "Write the answer as JSON."),
  }),
  {
    brief: sentence("List the clients of a running broker, with their armed and delayed wills."),
    description: sentence(
      "Queries a broker that was started with --metrics. Exit code 3 if the broker cannot be reached.",
    ),
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** The flags of one call. */
export type StatusFlags = InferValue<typeof statusCommand>;

/** Requests and prints the status; returns the exit code: 0, or 3 when there is no answer. */
export async function status(flags: StatusFlags, { out, err }: Output): Promise<number> {
  const { url = usualPageUrl, filter = "all", limit = usualLimit, offset = 0, json = false } = flags;
  const answer = await ask(`${url}/status?filter=${filter}&limit=${limit}&offset=${offset}`);
  if (typeof answer === "string") {
    err.write(`Cannot reach ${url}: ${answer}; is a broker running with --metrics?\n`);
    return notReachable;
  }
  out.write(json ? `${escapeJson(JSON.stringify(answer, undefined, 2))}\n` : `${statusLines(answer).join("\n")}\n`);
  return 0;
}

/** The answer, or the reason why there is none. */
async function ask(url: string): Promise<StatusReport | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: "error" });
    const text = await response.text();
    if (!response.ok) return `it answers ${response.status}`;
    const report: unknown = JSON.parse(text);
    return isStatus(report) ? report : "the answer is not the status of a broker";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof SyntaxError) return "the answer is not the status of a broker";
    if (error instanceof DOMException && error.name === "TimeoutError") return "no answer in 10s";
    return "no answer: nothing listens there";
  }
}

/** Whether the value is the status of a broker, in its printed fields. */
function isStatus(report: unknown): report is StatusReport {
  const { url, startedAt, connections, wills, queued, clients, total, offset } = (report ?? {}) as Partial<
    StatusReport
  >;
  const isNumber = (...values: unknown[]) => values.every((value) => typeof value === "number");
  return typeof url === "string" && typeof startedAt === "string" && Array.isArray(clients) &&
    isNumber(total, offset, connections?.online, connections?.connected) &&
    isNumber(wills?.held, wills?.discarded, wills?.cancelled, wills?.denied, queued?.messages, queued?.bytes) &&
    isNumber(queued?.clients) && typeof wills?.published === "object" && wills.published !== null &&
    clients.every((client) => typeof client?.clientId === "string" && typeof client.queued?.messages === "number");
}

/** The printed text. */
export function statusLines(report: StatusReport): string[] {
  const { url, startedAt, fault, connections, wills, queued, total, offset, clients } = escapeData(report);
  const published = Object.values(wills.published).reduce((sum, count) => sum + count, 0);
  const faultLines = fault === null ? [] : [`FAULT INJECTION IS ON: ${fault} (${formatCount(wills.faults)} so far)`];
  const range = clients.length === 0 ? "none" : `${formatCount(offset + 1)} to ${formatCount(offset + clients.length)}`;
  return [
    `mqtt-sim broker ${url}, since ${startedAt}`,
    ...faultLines,
    `clients ${formatCount(connections.online)} online, ${formatCount(connections.connected)} connected so far`,
    `wills   ${formatCount(wills.held)} held, ${formatCount(published)} published, ` +
    `${formatCount(wills.discarded)} discarded, ${formatCount(wills.cancelled)} cancelled, ` +
    `${formatCount(wills.denied)} denied`,
    `queued  ${formatCount(queued.messages)} messages, ${formatBytes(queued.bytes)}, for ${
      formatCount(queued.clients)
    } clients`,
    "",
    ...(clients.length === 0 ? [] : tableLines(columns, clients)),
    `${range} of ${formatCount(total)}`,
  ];
}

const columns: readonly Column<ClientStatus>[] = [
  { head: "client", align: "left", cell: ({ clientId }) => clientId },
  { head: "is", align: "left", cell: ({ online }) => online ? "online" : "away" },
  { head: "MQTT", align: "left", cell: ({ version = "–" }) => version },
  { head: "peer", align: "left", cell: ({ peer = "–" }) => peer },
  { head: "will", align: "left", cell: ({ will }) => will?.state ?? "–" },
  { head: "since", align: "left", cell: ({ will, since, sessionEnds }) => time(will?.since ?? since ?? sessionEnds) },
  { head: "due", align: "left", cell: ({ will }) => time(will?.due) },
  { head: "topic", align: "left", cell: ({ will }) => will === undefined ? "–" : will.topic },
  { head: "queued", align: "right", cell: ({ queued }) => formatCount(queued.messages) },
];

function time(instant: string | undefined): string {
  return instant === undefined ? "–" : instant.replace("T", " ").replace(/\.\d+Z$/, "Z");
}
