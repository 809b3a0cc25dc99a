/** Logins that cannot be right, and whether the broker refuses one of them. */
import type { ConnectAsked, Stage } from "../context/case_context.ts";

/** A user name, and a password that is not its own. */
export type WrongLogin = Pick<ConnectAsked, "username" | "password">;

/** The run's own name with another password; then a name that no user has. */
function wrongLogins(stage: Stage): WrongLogin[] {
  const { username } = stage.login;
  const password = new TextEncoder().encode(`not ${stage.text()}`);
  const unknown = { username: `${username ?? ""}-nobody`, password };
  return username === undefined ? [unknown] : [{ username, password }, unknown];
}

/**
 * The control of a case about wrong logins: one that the broker refuses. A broker may take an unknown name for a guest
 * and still refuse a wrong password, or look at names alone. The case is not testable where it refuses neither.
 */
export async function refusedLoginOf(stage: Stage): Promise<WrongLogin> {
  for (const login of wrongLogins(stage)) {
    const probe = stage.dial("control").send(stage.connectPacket(login));
    // One after another: the case tries the second only if the broker accepts the first.
    // deno-lint-ignore no-await-in-loop
    if (await probe.isRefused()) return login;
    probe.disconnect().close();
  }
  stage.requires(
    false,
    "the broker does not check logins: it accepts the login's name with a wrong password, and any name",
  );
  return {};
}
