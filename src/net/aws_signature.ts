/**
 * The signature of AWS (Signature Version 4) in the query of a WebSocket request, as AWS IoT Core reads it.
 * Source: https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
import aws4 from "aws4";
import { wallTime } from "../base/clock.ts";

/** The credentials of an AWS account; never in a report. */
export interface AwsCredentials {
  /** The access key id. */
  readonly accessKeyId: string;
  /** The secret access key. */
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

/** The scope and the credentials of a signature. */
export interface AwsSigning {
  /** Such as `eu-central-1`. */
  readonly region: string;
  /** The credentials that sign. */
  readonly credentials: AwsCredentials;
}

/** The name of AWS IoT Core in the scope of a signature. */
const service = "iotdevicegateway";

/**
 * The path with a signature in its query. A signature is valid for minutes, so each connection has its own.
 *
 * @param authority the Host of the request, which the signature covers
 */
export function signedPath(
  { path, authority }: { readonly path: string; readonly authority: string },
  { region, credentials: { accessKeyId, secretAccessKey, sessionToken } }: AwsSigning,
  now: Date = wallTime(),
): string {
  const date = now.toISOString().replace(/[:-]|\.\d{3}/g, "");
  const dated = `${path}${path.includes("?") ? "&" : "?"}X-Amz-Date=${date}`;
  const request = { method: "GET", path: dated, headers: { Host: authority }, service, region, signQuery: true };
  const signed = aws4.sign(request, { accessKeyId, secretAccessKey }).path as string;
  // AWS IoT Core expects the token of temporary credentials after the signature, which does not cover it.
  return sessionToken === undefined ? signed : `${signed}&X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`;
}
