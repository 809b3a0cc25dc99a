/**
 * The URL of a broker's pages, as a command accepts it. It contains no secret, because errors show it.
 */
import { UsageError } from "../../base/failure.ts";
import { withoutSecrets, withScheme } from "../../net/endpoint.ts";

/** Where a broker serves its pages if its `--metrics` is the usual port. */
export const usualPageUrl = "http://127.0.0.1:9090";

/**
 * Reads the URL, without slashes at its end. `host:port` is one of `http`; a host alone has the usual port.
 *
 * @param name of the flag, for an error
 * @throws UsageError where it is not http or https, or has more than a host, a port and a path
 */
export function readPageUrl(value: string, name: string): string {
  const whole = pageUrl(value);
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  const isPlain = url !== undefined && `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (isWeb && isPlain) return whole.replace(/\/+$/, "");
  const shown = JSON.stringify(withoutSecrets(value));
  throw new UsageError(`Cannot read ${name} ${shown}: expected a URL such as ${usualPageUrl}`);
}

function pageUrl(value: string): string {
  const whole = withScheme(value, "http");
  return whole === value || /:\d+$/.test(value) ? whole : `${whole}:${new URL(usualPageUrl).port}`;
}
