/**
 * `mqtt-sim broker disconnect|end-session|clear-retained`: actions of an operator on a running broker, over the address
 * of its `--metrics`.
 */
import http from "node:http";
import { object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { escapeLine, quoteLine } from "../../base/escape.ts";
import { UsageError } from "../../base/failure.ts";
import { readToken } from "../../broker/access/admin_token.ts";
import { isLoopback } from "../../net/endpoint.ts";
import { type FlagValue, neededArgument, sentence, valueFlag } from "../options/flag.ts";
import type { Output } from "../process/output.ts";
import { readPageUrl, usualPageUrl } from "./page_url.ts";
import { file, text } from "../options/setting.ts";

/** The broker has to answer within this, in milliseconds. */
const answerWithinMs = 10_000;
/** As much of an answer is read, in characters. */
const longestAnswer = 200;
/** Exit codes: the name does not exist, and no answer. */
const absent = 1;
const notReachable = 3;

const url = () =>
  valueFlag(
    "--url",
    { metavar: "URL", read: readUrl },
    `Address of the broker's --metrics. Default ${usualPageUrl}.`,
  );
const adminToken = () => valueFlag("--admin-token", file, "The file with the broker's token. Required.");

const clientId: FlagValue<string> = { ...text("CLIENT"), name: "client" };
const topicName: FlagValue<string> = { ...text("TOPIC", readTopic, "a topic name"), name: "topic" };

const idHelp = "The client identifier.";

/** The line of help with the usage of a command. */
function usageOf(argument: string) {
  return {
    usageLine: [{ type: "literal", value: `${argument} [FLAGS]` }] as const,
  };
}

/** `mqtt-sim broker disconnect CLIENT`. */
export const disconnectCommand = command(
  "disconnect",
  object({
    command: constant("broker disconnect"),
    name: neededArgument(clientId, "Cannot disconnect a client without its identifier: expected CLIENT", idHelp),
    url: url(),
    adminToken: adminToken(),
  }),
  {
    brief: sentence("End the connection of a client."),
    description: sentence(
      "Ends the connection of a client; a 5.0 client gets DISCONNECT 0x98. The session lasts as at any end of a " +
        "connection, and the will is published, after its delay if it has one.",
    ),
    ...usageOf("CLIENT"),
  },
);

/** `mqtt-sim broker end-session CLIENT`. */
export const endSessionCommand = command(
  "end-session",
  object({
    command: constant("broker end-session"),
    name: neededArgument(clientId, "Cannot end a session without its client identifier: expected CLIENT", idHelp),
    url: url(),
    adminToken: adminToken(),
  }),
  {
    brief: sentence("End the session of a client, and its connection."),
    description: sentence(
      "Ends the session of a client, after its connection, if there is one. The messages queued for the " +
        "client are discarded, and its will is published at once, even if it has a delay.",
    ),
    ...usageOf("CLIENT"),
  },
);

/** `mqtt-sim broker clear-retained TOPIC`. */
export const clearRetainedCommand = command(
  "clear-retained",
  object({
    command: constant("broker clear-retained"),
    name: neededArgument(
      topicName,
      "Cannot clear a retained message without its topic: expected TOPIC",
      "The topic, without wildcards.",
    ),
    url: url(),
    adminToken: adminToken(),
  }),
  {
    brief: sentence("Remove the retained message of a topic."),
    description: sentence("Removes the retained message of one topic. Subscribers receive nothing."),
    ...usageOf("TOPIC"),
  },
);

/** The arguments of one action. */
export type OperatorAsked = InferValue<
  typeof disconnectCommand | typeof endSessionCommand | typeof clearRetainedCommand
>;

interface Action {
  readonly folder: string;
  readonly done: (name: string) => string;
  readonly absent: (name: string) => string;
}

const actions: Readonly<Record<OperatorAsked["command"], Action>> = {
  "broker disconnect": {
    folder: "clients",
    done: (name) => `Disconnected client ${name}`,
    absent: (name) => `Cannot disconnect client ${name}: it is not connected`,
  },
  "broker end-session": {
    folder: "sessions",
    done: (name) => `Ended the session of client ${name}`,
    absent: (name) => `Cannot end the session of client ${name}: there is none`,
  },
  "broker clear-retained": {
    folder: "retained",
    done: (name) => `Cleared the retained message of topic ${name}`,
    absent: (name) => `Cannot clear the retained message of topic ${name}: there is none`,
  },
};

/** Sends the action to the broker; returns the exit code. @throws UsageError for an unusable token */
export async function operate(asked: OperatorAsked, { out, err }: Output): Promise<number> {
  const { command, name, url = usualPageUrl, adminToken } = asked;
  if (adminToken === undefined) {
    throw new UsageError("Cannot act on a broker without its token: expected --admin-token FILE");
  }
  const action = actions[command];
  const token = await readToken(adminToken);
  const answer = await remove(url, `/${action.folder}/${encodeURIComponent(name)}`, token);
  if (typeof answer === "string") {
    err.write(`Cannot reach ${url}: ${answer}; is a broker running with --metrics?\n`);
    return notReachable;
  }
  const shown = quoteLine(name);
  if (answer.status === 204) out.write(`${action.done(shown)}\n`);
  else if (answer.status === 404) err.write(`${action.absent(shown)}\n`);
  else throw new UsageError(`Cannot act on the broker at ${url}: it answers ${answer.status}, ${answer.text}`);
  return answer.status === 204 ? 0 : absent;
}

interface Answer {
  readonly status: number;
  /** Its first line. */
  readonly text: string;
}

/**
 * Sends DELETE; returns the answer, or the reason why there is none. `fetch` would read a client called `..` as a step
 * in the path.
 */
function remove(url: string, path: string, token: string): Promise<Answer | string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<Answer | string>();
  const request = http.request({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 80 : Number(port),
    path,
    method: "DELETE",
    headers: { authorization: `Bearer ${token}` },
    agent: false,
  }, (response) => {
    let text = "";
    const { statusCode: status = 0 } = response;
    const finish = () => resolve({ status, text: escapeLine(text.split("\n")[0]!.slice(0, longestAnswer)) });
    response.setEncoding("utf8");
    response.on("data", (part: string) => {
      text += part;
      if (text.length > longestAnswer) request.destroy();
    });
    response.on("end", finish);
    response.on("close", finish);
    response.on("error", finish);
  });
  const timer = setTimeout(() => {
    resolve("no answer in 10s");
    request.destroy();
  }, answerWithinMs);
  request.on("error", (error) => {
    if (error instanceof Deno.errors.NotCapable) reject(error);
    else resolve("no answer: nothing listens there");
  });
  request.end();
  return promise.finally(() => clearTimeout(timer));
}

/** The program sends the token unencrypted: it goes only to this machine. */
function readUrl(value: string, name: string): string {
  const read = readPageUrl(value, name);
  const { protocol, hostname, pathname } = new URL(read);
  if (protocol === "http:" && pathname === "/" && isLoopback(hostname.replace(/^\[(.*)\]$/, "$1"))) return read;
  throw new UsageError(
    `Cannot send a token to ${
      JSON.stringify(value)
    }: expected http, an address of this machine's loopback and a port, ` +
      `such as ${usualPageUrl}`,
  );
}

function readTopic(value: string, name: string): string {
  if (value !== "" && !/[+#]/.test(value)) return value;
  throw new UsageError(`Cannot read ${name} ${JSON.stringify(value)}: expected one topic name, without wildcards`);
}
