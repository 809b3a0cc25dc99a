/**
 * A broker that acknowledges before it commits, to prove that the crash test detects it: packets leave at once, and the
 * store commits later. Its argument is the path of the store.
 */
import { Broker } from "../../../src/broker/broker.ts";
import { Turn } from "../../../src/broker/store/turn.ts";

Turn.prototype.guard = (link) => link;

const path = Deno.args[0]!;
const endOfTurn = (task: () => void) => void setTimeout(task, 30);
const broker = await Broker.start({ store: { path, outlives: "process" }, endOfTurn });
await Deno.stdout.write(new TextEncoder().encode(`listening on ${broker.url}\n`));
