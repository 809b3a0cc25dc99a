/** Logins that cannot be right, and whether the broker refuses one of them. */
import type { CaseContext, ConnectAsked } from "../context/case_context.ts";

/** A user name, and a password that is not its own. */
export type WrongLogin = Pick<ConnectAsked, "username" | "password">;

/** The run's own name with another password; then a name that no user has. */
function wrongLogins(context: CaseContext): WrongLogin[] {
  const { username } = context.login;
  const password = new TextEncoder().encode(`not ${context.text()}`);
  const unknown = { username: `${username ?? ""}-nobody`, password };
  return username === undefined ? [unknown] : [{ username, password }, unknown];
}

/**
 * The control of a case about wrong logins: one that the broker refuses. A broker may take an unknown name for a guest
 * and still refuse a wrong password, or look at names alone. The case is not testable where it refuses neither.
 */
export async function refusedLoginOf(context: CaseContext): Promise<WrongLogin> {
  for (const login of wrongLogins(context)) {
    const probe = context.dial("control").send(context.connectPacket(login));
    // One after another: the case tries the second only if the broker accepts the first.
    // deno-lint-ignore no-await-in-loop
    if (await probe.isRefused()) return login;
    probe.disconnect().close();
  }
  context.requires(
    false,
    "the broker does not check logins: it accepts the login's name with a wrong password, and any name",
  );
  return {};
}
