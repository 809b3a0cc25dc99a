/** Opens the rendezvous of a run in several parts. */
import { UsageError } from "../../base/failure.ts";
import type { Rendezvous } from "../../parts/rendezvous.ts";
import { readInput } from "../process/input_file.ts";
import type { OverAddress, OverAsked } from "./over_flags.ts";

/**
 * Connects to NATS; loads its client only now.
 *
 * @throws UsageError when that is not possible
 */
export async function openRendezvous(
  over: OverAddress,
  { overCreds, overTlsCa }: Pick<OverAsked, "overCreds" | "overTlsCa">,
  name: string,
): Promise<Rendezvous> {
  if (overTlsCa !== undefined && !over.isTls) {
    throw new UsageError(`Cannot use --over-tls-ca with --over ${over.shown}: expected tls://`);
  }
  const [creds, ca] = [await fileOf("--over-creds", overCreds), await fileOf("--over-tls-ca", overTlsCa)];
  const { connectNats } = await import("../../parts/nats_rendezvous.ts");
  const { isTls, ...address } = over;
  return await connectNats({
    ...address,
    ...creds && { creds },
    ...isTls && { tls: { ...ca && { ca: new TextDecoder().decode(ca) } } },
  }, name);
}

async function fileOf(flag: string, path: string | undefined): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readInput(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const fault = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read ${flag} "${path}": ${fault}`);
  }
}
