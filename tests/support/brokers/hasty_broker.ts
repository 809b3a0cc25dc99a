/**
 * A broker that acknowledges before it commits, to see whether the crash test notices: packets leave at once, and the
 * store has its transaction when it has time. Started with the path of the store.
 */
import { Broker } from "../../../src/broker/broker.ts";
import { Turn } from "../../../src/broker/store/turn.ts";

Turn.prototype.guard = (link) => link;

const path = Deno.args[0]!;
const endOfTurn = (task: () => void) => void setTimeout(task, 30);
const broker = await Broker.start({ store: { path, outlives: "process" }, endOfTurn });
await Deno.stdout.write(new TextEncoder().encode(`listening on ${broker.url}\n`));
