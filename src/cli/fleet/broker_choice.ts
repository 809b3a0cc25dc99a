/** The broker of a fleet, in the form of `--url`: `URL`, `NAME=URL`, or `embedded` for the embedded broker. */
import { UsageError } from "../../base/failure.ts";
import { type Endpoint, parseEndpoint, withoutSecrets } from "../../net/endpoint.ts";
import { targetName } from "../../report/model/comparison.ts";

/** A broker to run on. */
export interface BrokerChoice {
  /** Its name beside others. */
  readonly name: string;
  /** Where it is; absent for the embedded one. */
  readonly endpoint?: Endpoint;
}

/** The embedded broker. */
export const embedded: BrokerChoice = { name: "embedded" };

const longestName = 32;

/** @throws UsageError when it is no broker, or its name is invalid */
export function parseBrokerChoice(text: string): BrokerChoice {
  const [, called, url = text] = /^([^:/=]*)=(.*)$/s.exec(text) ?? [];
  if (called !== undefined && !/^[\w.-]{1,32}$/.test(called)) {
    throw new UsageError(
      `Cannot call a broker ${
        JSON.stringify(withoutSecrets(called))
      }: expected 1 to ${longestName} letters, digits, dots, hyphens or underscores`,
    );
  }
  if (url === embedded.name) return { name: called ?? embedded.name };
  const endpoint = parseEndpoint(url);
  return { name: called ?? targetName(endpoint.url), endpoint };
}

/** The broker for people. */
export function brokerText({ endpoint }: BrokerChoice): string {
  return endpoint?.url ?? "embedded broker";
}
