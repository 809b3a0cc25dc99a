/**
 * Proves on loopback that a reset is one: the other side must see RST, not FIN.
 */
import { type EngineName, engines } from "../../net/engine.ts";

const patienceMs = 2_000;

/** True when a link's `reset` reaches its peer as RST. */
export async function killsByReset(engine: EngineName = "deno"): Promise<boolean> {
  if (!engines[engine].canReset()) return false;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const timer = setTimeout(() => listener.close(), patienceMs);
  try {
    return await seesReset(listener, engine);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    try {
      listener.close();
    } catch {
      // The timer was faster.
    }
  }
}

async function seesReset(listener: Deno.TcpListener, engine: EngineName): Promise<boolean> {
  const host = "127.0.0.1";
  const link = engines[engine].dial({ host, port: listener.addr.port }, {
    onOpen: () => link.write(Uint8Array.of(0)),
    onBytes: () => link.reset(),
    onDrain() {},
    onEnd() {},
  });
  using peer = await listener.accept();
  const buffer = new Uint8Array(1);
  await peer.read(buffer);
  await peer.write(buffer);
  try {
    await peer.read(buffer);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionReset;
  }
}
