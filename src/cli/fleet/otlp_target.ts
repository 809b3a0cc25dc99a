/** Where a run is exported by OTLP/HTTP, and one request to it. */
import { UsageError } from "../../base/failure.ts";
import { escapeLine } from "../../base/escape.ts";

/** The outcome of one request. */
export type OtlpOutcome =
  | { readonly kind: "accepted"; readonly rejected: number }
  | { readonly kind: "failed"; readonly why: string; readonly mayRetry: boolean };

/** The longest time of one request, in milliseconds. */
const patienceMs = 5_000;

/** Statuses after which the specification permits a second attempt. Source: "OTLP Specification", OTLP/HTTP Failures. */
const passing = [429, 502, 503, 504];

/** Reads the value of `--otlp`: the collector's address, to which `/v1/metrics` and `/v1/traces` are appended. */
export function parseOtlpUrl(text: string, name: string): URL {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
  const allowed = "expected the URL of a collector such as http://127.0.0.1:4318";
  if (url !== null && (url.username !== "" || url.password !== "")) {
    throw new UsageError(`Cannot use ${name} with a user or a password in the URL: expected them in --otlp-headers`);
  }
  if (url === null || text.includes("://") && !/^https?:/i.test(text) || url.search !== "" || url.hash !== "") {
    throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: ${allowed}`);
  }
  return url;
}

/** Reads the headers of a file: one `NAME: VALUE` a line. An error does not show the line, which may be a secret. */
export function parseOtlpHeaders(text: string, path: string): Headers {
  const headers = new Headers();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const colon = line.indexOf(":");
    try {
      if (colon < 1) throw new TypeError("no colon");
      headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    } catch {
      throw new UsageError(
        `Cannot read --otlp-headers ${path}, line ${index + 1}: expected a header such as Authorization: Bearer TOKEN`,
      );
    }
  }
  return headers;
}

/** Sends one request in the JSON form; never throws. */
export async function postOtlp(
  target: URL,
  signal: "metrics" | "traces",
  body: unknown,
  headers: Headers,
  stop: AbortSignal,
): Promise<OtlpOutcome> {
  const url = new URL(target);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  const all = new Headers(headers);
  all.set("content-type", "application/json");
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: all,
      body: JSON.stringify(body),
      // A redirect could send the headers, which may have a token, to another host.
      redirect: "manual",
      signal: AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]),
    });
    const answer = await response.text();
    if (response.ok) return { kind: "accepted", rejected: rejectedIn(answer) };
    return { kind: "failed", why: `it answered ${response.status}`, mayRetry: passing.includes(response.status) };
  } catch (error) {
    return { kind: "failed", why: reasonOf(error), mayRetry: !stop.aborted };
  }
}

/** How much of an accepted request the collector did not take. */
function rejectedIn(answer: string): number {
  try {
    const { partialSuccess: { rejectedSpans = 0, rejectedDataPoints = 0 } = {} } = JSON.parse(answer);
    return Number(rejectedSpans) + Number(rejectedDataPoints);
  } catch {
    return 0;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return escapeLine(String(error));
  if (error.name === "TimeoutError") return `it did not answer within ${patienceMs / 1_000} s`;
  const { message } = error.cause instanceof Error ? error.cause : error;
  // The runtime's own words begin with the URL and the layers above the cause.
  const cause = message.replace(/^.*client error \(\w+\): /, "").replace("tcp connect error: ", "");
  return escapeLine(cause.replace(/ \(os error \d+\)$/, ""));
}
