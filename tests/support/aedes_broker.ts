/**
 * aedes as a program of its own, on the loopback port of its first argument, 0 for a free one; says `listening on PORT`.
 * With another argument nobody may publish to that topic.
 */
import { Aedes } from "aedes";
import { type AddressInfo, createServer } from "node:net";

const [wanted, deniedTopic] = Deno.args;
const broker = await Aedes.createBroker(
  deniedTopic === undefined ? {} : {
    authorizePublish: (_client, { topic }, done) => done(topic === deniedTopic ? new Error("not allowed") : null),
  },
);
const server = createServer(broker.handle);
server.listen(Number(wanted), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  Deno.stdout.writeSync(new TextEncoder().encode(`listening on ${port}\n`));
});
