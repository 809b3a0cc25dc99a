/**
 * Reads Linux's files under /proc. The runtime permits this only with all permissions; a program that may start
 * processes can use one of them instead.
 */

/** A file's text; undefined if it does not exist or may not be read. */
export function readProc(path: `/proc/${string}`): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return readByCat(path);
  }
}

function readByCat(path: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "run", command: "cat" });
  if (state !== "granted") return undefined;
  try {
    const { success, stdout } = new Deno.Command("cat", { args: [path], stdin: "null", stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

/** Parses a file that consists of one whole number. */
export function readProcNumber(path: `/proc/${string}`): number | undefined {
  return wholeOf(readProc(path)?.trim());
}

/** A counter of /proc/net/netstat, such as TcpExt's TCPSynRetrans: names on one line, values on the next. */
export function netstatCounter(text: string, group: string, name: string): number | undefined {
  const [names, values] = text.split("\n").filter((line) => line.startsWith(`${group}:`)).map((line) =>
    line.split(" ")
  );
  const place = names?.indexOf(name) ?? -1;
  return place < 0 ? undefined : wholeOf(values?.[place]);
}

/** The first and last source port of /proc/sys/net/ipv4/ip_local_port_range. */
export function portRange(text: string): readonly [first: number, last: number] | undefined {
  const [first, last] = text.trim().split(/\s+/).map(wholeOf);
  return first === undefined || last === undefined ? undefined : [first, last];
}

function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
