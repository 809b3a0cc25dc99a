/** Bytes that the standard does not allow: one shape for all cases in which the broker has to close. */
import type { Area, ConformanceCase, Need } from "../case/case.ts";
import type { Protocol } from "../model/protocol.ts";
import type { CaseContext } from "../context/case_context.ts";

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
export function afterConnect(area: Area, { name, title, does, rules, needs, bytes }: Malformed): ConformanceCase {
  return {
    id: `${area}/${name}`,
    title,
    does,
    rules,
    ...needs && { needs },
    async run(context) {
      const client = await context.connect();
      client.sendBytes(bytes(context), `bytes under test: ${title}`);
      await client.expectClose();
    },
  };
}

/** Sent in place of a CONNECT, or as one. */
export function asConnect(area: Area, { name, title, does, rules, needs, bytes }: Malformed): ConformanceCase {
  return {
    id: `${area}/${name}`,
    title,
    does,
    rules,
    ...needs && { needs },
    async run(context) {
      const client = context.dial();
      client.sendBytes(bytes(context), `bytes under test: ${title}`);
      await client.expectRefused();
    },
  };
}
