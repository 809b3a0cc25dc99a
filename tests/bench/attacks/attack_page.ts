/** The complete docs/attacks.md, from one run. */
import type { Phase } from "../logins/login_phases.ts";
import { waits } from "../logins/login_table.ts";
import type { MachineFacts } from "../peers/machine_facts.ts";
import { markdownTable } from "../peers/document/peers_table.ts";
import type { AttackOutcome } from "./attack_run.ts";
import { attacks } from "./attack_catalog.ts";
import { limitsText, mib, msText } from "./attack_table.ts";

export interface AttackPage {
  readonly facts: MachineFacts;
  readonly seconds: number;
  readonly limitBytes: number;
  readonly outcomes: readonly AttackOutcome[];
  readonly phases: readonly Phase[];
}

/** The highest permitted peak, as a share of `--max-memory`. */
export const allowedShare = 1.5;
/** The longest permitted wait of a legitimate login during wrong ones, in milliseconds. */
export const allowedLoginMs = 1_000;

export function attackMarkdown(page: AttackPage): string {
  const { facts } = page;
  const parts = [
    "# Under attack",
    `The broker and mosquitto under attack, measured on ${facts.date} by \`deno task docs:attacks\`, which writes this ` +
    "page. The task takes about 12 minutes. Where more processes wanted to run than there are cores, the delays are " +
    "those of a busy machine: all brokers share its cores with the attacker and the legitimate clients.",
    markdownTable(["what", "value"], [...facts.machine, ...facts.versions].map(([name, value]) => [name, value])),
    "## Memory and service",
    howToRead(page),
    memoryVerdict(page),
    outcomeTable(page.outcomes),
    "## What the broker refused",
    markdownTable(
      ["attack", "limits that were hit", "counted at the end (MiB)", "internal errors"],
      ours(page.outcomes).map((outcome) => [
        outcome.attack,
        limitsText(outcome) || "none",
        outcome.counted.usedBytes === undefined ? "–" : mib(outcome.counted.usedBytes),
        String(outcome.counted.internalErrors),
      ]),
    ),
    "## Logins",
    loginText(page.phases),
    loginTable(page.phases),
  ];
  return `${parts.join("\n\n")}\n`;
}

function ours(outcomes: readonly AttackOutcome[]): AttackOutcome[] {
  return outcomes.filter(({ broker }) => broker === "mqtt-sim");
}

function howToRead({ seconds, limitBytes }: AttackPage): string {
  return [
    `mqtt-sim runs with \`--max-memory ${mib(limitBytes)}m\`. mosquitto runs with its defaults, anonymous clients, a ` +
    "second listener for WebSocket and no persistence; the bench ends it above 4 GiB.",
    "",
    `- Each attack lasts ${seconds} s. The attacker is a process of its own, of lower priority, and sends as fast as the ` +
    "broker reads. Its links stay open until the end.",
    "- `RSS` is resident memory before the attack, and its peak (VmHWM).",
    "- `p50`, `p99` and `max` are the ways of messages of QoS 1, from a legitimate publisher to a legitimate subscriber: " +
    "four pairs, 25 messages a second each. A message that does not come counts as long as the bench waits, and under " +
    "`missing`.",
    "- `will` is the time from the end of a legitimate client, right after the attack, to its will at a subscriber.",
    "- `new client` is the answer to a CONNECT right after the attack. At the bound, the broker refuses new clients " +
    "(0x97), and serves those that are connected.",
  ].join("\n");
}

/** The attacks that exceed a limit. */
export function memoryVerdict({ outcomes, limitBytes }: Pick<AttackPage, "outcomes" | "limitBytes">): string {
  const allowedBytes = allowedShare * limitBytes;
  const all = ours(outcomes);
  const above = all.filter(({ peakBytes }) => peakBytes > allowedBytes);
  const most = Math.max(0, ...all.map(({ peakBytes }) => peakBytes));
  const slowest = Math.max(0, ...all.map(({ service }) => service.p99Ms));
  const lost = all.reduce((sum, { service }) => sum + service.missing, 0);
  const memory = above.length === 0
    ? `**The peak of mqtt-sim is ${mib(most)} MiB at most; ${
      mib(allowedBytes)
    } MiB are allowed (1.5 × \`--max-memory\`).**`
    : `**mqtt-sim takes more than the ${mib(allowedBytes)} MiB that are allowed: ${
      above.map(({ attack, peakBytes }) => `${attack} ${mib(peakBytes)} MiB`).join(", ")
    }.**`;
  return `${memory} The p99 of legitimate messages is ${msText(slowest)} ms at most, and ${lost} of them are missing.`;
}

function outcomeTable(outcomes: readonly AttackOutcome[]): string {
  const head = ["attack", "broker", "sent (MiB)", "RSS (MiB)", "p50 (ms)", "p99 (ms)", "max (ms)", "missing"];
  return markdownTable(
    [...head, "will (ms)", "new client", "ended"],
    outcomes.map((outcome) => {
      const { attack, broker, count, startBytes, peakBytes, service, willMs, newClient, ended } = outcome;
      const { title = "", fault } = attacks.find(({ name }) => name === attack) ?? {};
      return [
        broker === "mqtt-sim" ? `\`${attack}\`: ${title}${fault === undefined ? "" : ` (${fault})`}` : "",
        broker,
        count === undefined ? "–" : mib(count.sentBytes),
        `${mib(startBytes)} → ${mib(peakBytes)}`,
        ...[service.p50Ms, service.p99Ms, service.maxMs].map(msText),
        `${service.missing} of ${service.sent}`,
        willMs === undefined ? "none" : msText(willMs),
        newClient === undefined ? "no answer" : newClient === 0 ? "accepted" : `0x${newClient.toString(16)}`,
        ended ?? "",
      ];
    }),
  );
}

/** The longest wait of legitimate logins. */
export function loginText(phases: readonly Phase[]): string {
  const withWrong = phases.filter(({ wrong }) => wrong !== undefined).flatMap(({ legitimate }) => legitimate);
  const most = Math.max(0, ...withWrong.map(({ ms }) => ms));
  const isReached = most <= allowedLoginMs;
  return "The broker runs with `--users`: 33 users, as `mqtt-sim broker passwd` writes them (210,000 iterations). 5,000 " +
    "clients with five of the users connect at once. Wrong logins come at 250 a second. Each legitimate login is one of " +
    "a user whom the broker has not seen, so that a password check is made for it.\n\n" +
    `**During wrong logins, a legitimate login waits ${msText(most)} ms at most; ${
      isReached ? "" : "this is more than the "
    }${msText(allowedLoginMs)} ms${isReached ? " are" : " that are"} allowed.**`;
}

function loginTable(phases: readonly Phase[]): string {
  return markdownTable(
    ["phase", "clients in: p50 (ms)", "p99 (ms)", "max (ms)", "refusals", "wrong logins", "a legitimate login waits"],
    phases.map(({ title, storm, stormRefusals, wrong, legitimate }) => [
      title,
      ...(storm === undefined ? ["–", "–", "–"] : [storm.p50Ms, storm.p99Ms, storm.maxMs].map(msText)),
      String(stormRefusals),
      wrong === undefined ? "–" : `${wrong.sent}, ${wrong.letIn} let in`,
      waits(legitimate),
    ]),
  );
}
