/**
 * The broker's side of `memory.ts`: starts one, and answers each letter on stdin with its memory: `c` collects rubbish
 * first, `l` only looks.
 */
import { Broker } from "../../src/broker/broker.ts";

declare const gc: () => void;

const broker = await Broker.start();

function say(what: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
}

function memory(collect: boolean): unknown {
  if (collect) gc();
  const { rss, heapUsed, heapTotal, external } = Deno.memoryUsage();
  const { connections, wills, sessions } = broker.metrics();
  return { rss, heapUsed, heapTotal, external, online: connections.online, wills: wills.held, sessions: sessions.held };
}

say({ port: broker.port });
for await (const [letter] of Deno.stdin.readable) say(memory(letter === "c".charCodeAt(0)));
