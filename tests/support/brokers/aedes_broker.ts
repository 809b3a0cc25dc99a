/**
 * aedes as a separate program, on the loopback port of its second argument, 0 for a free one; prints `listening on
 * PORT`. The first argument is the major version, 1 or 2. The optional third is JSON: the topic that no client may
 * publish to, and aedes' own options.
 */
import { type AddressInfo, createServer } from "node:net";

const [version, wanted, settings = "{}"] = Deno.args;
const { deniedTopic, ...options } = JSON.parse(settings);
const { Aedes } = version === "2" ? await import("aedes-2") : await import("aedes");
const broker = await Aedes.createBroker({
  ...options,
  ...deniedTopic !== undefined && {
    authorizePublish: (_client: unknown, { topic }: { topic: string }, done: (error: Error | null) => void) =>
      done(topic === deniedTopic ? new Error("not allowed") : null),
  },
});
const server = createServer(broker.handle);
server.listen(Number(wanted), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  Deno.stdout.writeSync(new TextEncoder().encode(`listening on ${port}\n`));
});
