/**
 * The broker process of `memory.ts`: starts a broker on the engine in its argument, and answers each letter on stdin
 * with its memory: `c` collects garbage first, `l` does not.
 */
import v8 from "node:v8";
import { Broker } from "../../src/broker/broker.ts";
import type { EngineName } from "../../src/net/engine.ts";

declare const gc: () => void;

const broker = await Broker.start({ engine: Deno.args[0] as EngineName });

function say(what: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
}

function memory(collect: boolean): unknown {
  if (collect) gc();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  const heapResident = v8.getHeapStatistics().total_physical_size;
  const { connections, wills } = broker.metrics();
  return { rss, heapUsed, heapResident, external, online: connections.online, wills: wills.held };
}

say({ port: broker.port });
for await (const [letter] of Deno.stdin.readable) say(memory(letter === "c".charCodeAt(0)));
