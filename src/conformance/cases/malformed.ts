/** Bytes that the standard does not allow: one shape for all cases in which the broker has to close. */
import type { Area, ConformanceCase, Need } from "../case/case.ts";
import type { Protocol } from "../model/protocol.ts";
import type { CaseContext } from "../context/case_context.ts";
import type { Probe } from "../probe/probe.ts";

/** Something that closes the connection. */
export interface Malformed {
  /** The id within its area. */
  readonly name: string;
  readonly title: string;
  readonly does: string;
  readonly rules: Readonly<Partial<Record<Protocol, readonly string[]>>>;
  readonly needs?: readonly Need[];
  bytes(context: CaseContext): readonly number[];
}

/** Sent by a client that is connected. */
export function afterConnect(area: Area, malformed: Malformed): ConformanceCase {
  return caseOf(area, malformed, async (context, send) => await send(await context.connect()).expectClose());
}

/** Sent in place of a CONNECT, or as one. */
export function asConnect(area: Area, malformed: Malformed): ConformanceCase {
  return caseOf(area, malformed, async (context, send) => await send(context.dial()).expectRefused());
}

function caseOf(
  area: Area,
  { name, bytes, ...about }: Malformed,
  act: (context: CaseContext, send: (client: Probe) => Probe) => Promise<unknown>,
): ConformanceCase {
  return {
    id: `${area}/${name}`,
    ...about,
    async run(context) {
      await act(context, (client) => client.sendBytes(bytes(context), `bytes under test: ${about.title}`));
    },
  };
}
