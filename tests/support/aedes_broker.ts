/**
 * aedes as a program of its own, on the loopback port of its first argument, 0 for a free one; says `listening on PORT`. With more, USER PASSWORD TOPIC
 * it lets that user in and whoever gives no name, and nobody publish to that topic.
 */
import { Aedes } from "aedes";
import { type AddressInfo, createServer } from "node:net";

const [wanted, username, password, deniedTopic] = Deno.args;
const broker = await Aedes.createBroker(
  username === undefined ? {} : {
    authenticate: (_client, name, word, done) =>
      done(null, name === undefined || (name === username && new TextDecoder().decode(word) === password)),
    authorizePublish: (_client, { topic }, done) => done(topic === deniedTopic ? new Error("not allowed") : null),
  },
);
const server = createServer(broker.handle);
server.listen(Number(wanted), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  Deno.stdout.writeSync(new TextEncoder().encode(`listening on ${port}\n`));
});
