/** The address of a page or of metrics: `8080`, `host:8080`, `[::1]:8080`; only this machine unless it names a host. */
import { UsageError } from "../../base/failure.ts";

/** An address to listen on. */
export interface HttpAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** @throws UsageError when the text is no address */
export function parseHttpAddress(text: string, name: string): HttpAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]\s/]+):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new UsageError(
      `Cannot read ${name} ${JSON.stringify(text)}: expected a port, 0 to 65,535, or host:port such as 0.0.0.0:8080`,
    );
  }
  return { host: match[1]?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", port };
}
