/** aedes as a program of its own, on a free loopback port; says `listening on PORT`. */
import { Aedes } from "aedes";
import { type AddressInfo, createServer } from "node:net";

const broker = await Aedes.createBroker();
const server = createServer(broker.handle);
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  Deno.stdout.writeSync(new TextEncoder().encode(`listening on ${port}\n`));
});
