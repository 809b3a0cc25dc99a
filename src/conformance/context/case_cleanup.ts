/** What a case may leave on the broker, its sessions and retained messages, and the connections that remove it. */
import { CaseFailure, CaseOver, NotTestable } from "../model/outcome.ts";
import type { Probe } from "../probe/probe.ts";

/** Connects a probe of the given name with a clean start. */
type CleanConnect = (name: string, clientId?: string) => Promise<Probe>;

/** The cleanup after one case. */
export class CaseCleanup {
  /** The client identifiers of sessions that may outlive their connections. */
  readonly sessions = new Set<string>();
  /** The topics that may hold a retained message. */
  readonly retained = new Set<string>();

  /** Ends the sessions and clears the retained messages, if the broker has them. Returns the failed step. */
  async run(connect: CleanConnect, hasRetained: boolean): Promise<string | undefined> {
    try {
      for (const clientId of this.sessions) {
        // deno-lint-ignore no-await-in-loop
        (await connect("broom", clientId)).disconnect().close();
      }
      if (this.retained.size > 0 && hasRetained) await this.#clearRetained(await connect("broom"));
      return undefined;
    } catch (error) {
      const isCaseEnd = [CaseFailure, CaseOver, NotTestable].some((each) => error instanceof each);
      if (isCaseEnd) return `could not be cleaned up: ${(error as Error).message}`;
      throw error;
    }
  }

  async #clearRetained(broom: Probe): Promise<void> {
    for (const topic of this.retained) {
      broom.send({ type: "publish", dup: false, qos: 0, retain: true, topic, payload: new Uint8Array() });
    }
    await broom.ping();
    broom.disconnect().close();
  }
}
