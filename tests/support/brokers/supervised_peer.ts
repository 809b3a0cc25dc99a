import { freePort } from "../machine/free_port.ts";
/**
 * A broker peer that a fleet may restart by a command: the command ends it cleanly, and the code that started it starts
 * it again at the same place.
 */
import { type BrokerPeer } from "./peers.ts";

/** The place of a peer, which stays the same over its restarts. */
export interface Place {
  /** The folder of its data. */
  readonly home: string;
  readonly port: number;
  /** Free ports for its other listeners. */
  readonly inner: readonly [number, number];
}

/** A peer with the command for `--restart-command`. */
export interface SupervisedPeer {
  readonly url: string;
  /** Its output at its first start. */
  readonly said: string;
  readonly restartCommand: string;
  /** Its current process. */
  pid(): number;
  stop(): Promise<void>;
}

/** Longer than any run. */
const everMs = 2_000_000_000;

/** Starts a peer, and restarts it after each end until it is stopped. */
export async function supervised(
  name: string,
  start: (place: Place) => Promise<BrokerPeer>,
): Promise<SupervisedPeer> {
  const home = await Deno.makeTempDir({ prefix: `mqtt-sim-${name}` });
  await Deno.chmod(home, 0o777); // a broker may run as another user
  const place: Place = { home, port: freePort(), inner: [freePort(), freePort()] };
  const [pidFile, upFile] = [`${home}/child.pid`, `${home}/child.up`];
  let stopped = false;
  let peer = await start(place);
  const { url, child: { said } } = peer;
  const tell = async () => {
    await Deno.writeTextFile(pidFile, String(peer.child.pid));
    await Deno.writeTextFile(upFile, "");
  };
  const watch = async () => {
    for (;;) {
      await peer.child.exit(everMs);
      if (stopped) return;
      await peer[Symbol.asyncDispose]();
      peer = await start(place);
      await tell();
    }
  };
  await tell();
  const watched = watch();
  return {
    url,
    said,
    restartCommand: `rm -f ${upFile} && kill -TERM $(cat ${pidFile}) && until [ -e ${upFile} ]; do sleep 0.1; done`,
    pid: () => peer.child.pid,
    async stop() {
      stopped = true;
      await peer[Symbol.asyncDispose]();
      await watched;
      await Deno.remove(home, { recursive: true }).catch(() => {});
    },
  };
}
