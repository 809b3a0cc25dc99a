/**
 * A cluster of three nodes on free loopback ports. A shell script of the cluster starts and stops each node, so that
 * the fleet can do so by `--node-start` and `--node-stop`; the test ends what is left by process ids.
 */
import { quoteShell } from "../../../../src/base/escape.ts";
import { endProcess } from "../../machine/processes.ts";

/** One node. */
export interface NodePlan {
  readonly name: string;
  /** The port of MQTT. */
  readonly port: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The line of its output after which it accepts clients, as a basic regular expression. */
  readonly ready: string;
}

/** A running cluster. */
export interface Cluster extends AsyncDisposable {
  /** The flags of a fleet: the nodes, and the commands that kill one and start it again. */
  readonly flags: readonly string[];
  start(name: string): Promise<void>;
}

/** @param home a folder of the cluster, which its end removes */
export async function cluster(home: string, nodes: readonly NodePlan[]): Promise<Cluster> {
  const script = `${home}/node.sh`;
  await Deno.writeTextFile(script, scriptOf(home, nodes));
  const run = async (act: string, name: string) => {
    const { success } = await new Deno.Command("sh", { args: [script, act, name], stdout: "null", stderr: "null" })
      .output();
    if (!success) throw new Error(`node ${name}: ${await Deno.readTextFile(`${home}/${name}.log`)}`);
  };
  return {
    flags: [
      ...nodes.flatMap(({ name, port }) => ["--node", `${name}=mqtt://127.0.0.1:${port}`]),
      ...["--node-stop", `sh ${script} kill {node}`, "--node-start", `sh ${script} start {node}`],
    ],
    start: (name) => run("start", name),
    async [Symbol.asyncDispose]() {
      for (const { name } of nodes) {
        const pid = Number(await Deno.readTextFile(`${home}/${name}.pid`).catch(() => "0"));
        if (pid > 0) await endProcess(pid);
      }
      await Deno.remove(home, { recursive: true });
    },
  };
}

/** A node runs in the background of its start, with its output in a file: the start ends with the line for readiness. */
function scriptOf(home: string, nodes: readonly NodePlan[]): string {
  const starts = nodes.map(({ name, command, env, ready }) => {
    const variables = Object.entries(env).map(([key, value]) => quoteShell(`${key}=${value}`));
    const words = ["env", ...variables, ...command.map(quoteShell)].join(" ");
    return `start-${name}) ready=${quoteShell(ready)}; : > "$log"; ${words} > "$log" 2>&1 < /dev/null & ;;`;
  });
  return `log=${quoteShell(home)}/$2.log
pid=${quoteShell(home)}/$2.pid
case "$1-$2" in
${starts.join("\n")}
kill-*) id=$(cat "$pid"); kill -KILL "$id"; while kill -0 "$id" 2>/dev/null; do sleep 0.05; done; exit 0 ;;
esac
echo $! > "$pid"
tries=600
until grep -q "$ready" "$log"; do
  tries=$((tries - 1))
  if [ $tries -eq 0 ] || ! kill -0 $! 2>/dev/null; then exit 1; fi
  sleep 0.1
done
`;
}
