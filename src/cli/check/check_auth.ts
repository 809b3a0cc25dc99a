/** The enhanced authentication of a check, from its flags. */
import { authenticatorOf, authFault, isScram, readAuthData } from "../../auth/auth_settings.ts";
import type { Authenticator } from "../../auth/exchange.ts";
import { UsageError } from "../../base/failure.ts";
import type { CheckAsked } from "./check_flags.ts";

/**
 * The authenticator of the flags; undefined without a method.
 *
 * @throws UsageError when the settings do not go together, or a file is unusable
 */
export async function checkAuth(
  asked: CheckAsked,
  { username }: { readonly username: string | undefined },
): Promise<Authenticator | undefined> {
  const fault = authFault(asked);
  if (fault !== undefined) throw new UsageError(`Cannot use ${fault[1]}: expected ${fault[2]}`);
  const { authMethod, authData, protocol } = asked;
  if (authMethod === undefined) return undefined;
  if (protocol !== undefined && protocol !== "5") {
    const why = "MQTT 3.1.1 has no enhanced authentication";
    throw new UsageError(`Cannot use --protocol ${protocol}: expected 5 with --auth-method: ${why}`);
  }
  if (isScram(authMethod) && username === undefined) {
    const allowed = "--username and --password-file with it";
    throw new UsageError(`Cannot use --auth-method ${authMethod} alone: expected ${allowed}`);
  }
  return authenticatorOf(asked, authData === undefined ? undefined : await readAuthData(authData));
}
