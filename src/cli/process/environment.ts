/**
 * The environment of the process: the variables of this program, and those by which a user chooses colours; and the credentials of AWS.
 */
import type { AwsCredentials } from "../../net/aws_signature.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { WebAsked } from "../../net/secured_endpoint.ts";

/** What the names of this program's variables begin with. */
export const variablePrefix = "MQTT_SIM_";

/** Variables by their names. */
export type Environment = Readonly<Record<string, string>>;

/** The variables of this program; none where the runtime permits none. */
export function ownVariables(): Environment {
  try {
    return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith(variablePrefix)));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return {};
    throw error;
  }
}

/** The credentials of AWS; undefined where there are none, or where the runtime permits no access to them. */
export function awsCredentials(): AwsCredentials | undefined {
  try {
    const accessKeyId = Deno.env.get("AWS_ACCESS_KEY_ID") ?? "";
    const secretAccessKey = Deno.env.get("AWS_SECRET_ACCESS_KEY") ?? "";
    const sessionToken = Deno.env.get("AWS_SESSION_TOKEN") ?? "";
    if (accessKeyId === "" || secretAccessKey === "") return undefined;
    return { accessKeyId, secretAccessKey, ...sessionToken !== "" && { sessionToken } };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The target with the credentials of AWS, where a signature is requested. */
export function withAwsCredentials(target: Endpoint, { awsSign }: WebAsked): Endpoint {
  const credentials = awsSign === undefined ? undefined : awsCredentials();
  return credentials === undefined ? target : { ...target, awsCredentials: credentials };
}
