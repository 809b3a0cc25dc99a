/**
 * mqtt-sim for the examples of the pages, with free ports and a short duration. The first argument is JSON: the free
 * ports by the ports of the page.
 */
import { main } from "../../src/cli/main.ts";

/** The free ports by the ports of the pages. */
export type Ports = Readonly<Record<string, number>>;

/** Commands of an operator, which exit with 1 when no such client exists. */
const operatorCommands = new Set(["status", "disconnect", "end-session", "clear-retained"]);

/** Replaces the ports of a page with free ports. */
export function withPorts(text: string, ports: Ports): string {
  return text.replaceAll(/\b\d{4}\b/g, (number) => String(ports[number] ?? number));
}

/** The arguments with which the test runs an example. */
export function shortened(args: readonly string[], ports: Ports): string[] {
  const [command = "", second = ""] = args;
  const given = args.map((arg) => withPorts(arg, ports));
  const has = (flag: string) => args.includes(flag);
  if (command === "fleet" && (second === "" || second.startsWith("--"))) {
    const at = given.indexOf("--duration");
    return at < 0 ? [...given, "--duration", "2s"] : given.with(at + 1, "2s");
  }
  if (command === "check" && !has("--list") && !has("--only")) return [...given, "--quick", "--only", "will/reset"];
  if (command !== "broker") return given;
  if (operatorCommands.has(second)) return [...given, "--url", `http://127.0.0.1:${ports["9090"]}`];
  return second.startsWith("--") && !has("--port") && !has("--listen") ? [...given, "--port", "0"] : given;
}

if (import.meta.main) {
  const [ports = "{}", ...args] = Deno.args;
  const code = await main(shortened(args, JSON.parse(ports)));
  const absent = code === 1 && args[0] === "broker" && operatorCommands.has(args[1] ?? "");
  Deno.exit(absent ? 0 : code);
}
