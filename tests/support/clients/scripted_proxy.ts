/**
 * A proxy on loopback that speaks CONNECT of HTTP and SOCKS 5 as RFC 9110, 1928 and 1929 define them, and forwards to
 * the port that the client names. It records requests and how each client ended its connection.
 */
import { Buffer } from "node:buffer";
import net from "node:net";

export class ScriptedProxy implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly ends: string[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(kind: "http" | "socks5", login?: string) {
    this.#server = net.createServer((client) => {
      this.#keep(client);
      // After an RST the next read fails with ECONNRESET, a write under way with EPIPE.
      client.on(
        "error",
        ({ code = "error" }: NodeJS.ErrnoException) =>
          this.ends.push(["ECONNRESET", "EPIPE"].includes(code) ? "rst" : code),
      );
      client.on("end", () => this.ends.push("fin"));
      void (kind === "http" ? this.#http(client, login) : this.#socks(client, login)).catch(() => client.destroy());
    });
  }

  /** @param login `user:password` that clients must have */
  static async open(kind: "http" | "socks5", login?: string): Promise<ScriptedProxy> {
    const proxy = new ScriptedProxy(kind, login);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  async #http(client: net.Socket, login: string | undefined): Promise<void> {
    let head = Buffer.alloc(0);
    while (!head.includes("\r\n\r\n")) head = Buffer.concat([head, await some(client)]);
    const text = head.toString("latin1");
    this.requests.push(text.split("\r\n")[0]!);
    const given = /^Proxy-Authorization: Basic (\S+)\r$/m.exec(text)?.[1];
    if (login !== undefined && Buffer.from(given ?? "", "base64").toString() !== login) {
      return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
    }
    const [, host = "", port] = /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\nHost: \1:\2\r\n/.exec(text) ?? [];
    const server = await this.#connect(host, Number(port));
    if (server === undefined) return void client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    client.write("HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n");
    join(client, server);
  }

  async #socks(client: net.Socket, login: string | undefined): Promise<void> {
    const methods = (await exactly(client, (await exactly(client, 2))[1]!)).includes(login === undefined ? 0 : 2);
    client.write(Buffer.from([5, methods ? login === undefined ? 0 : 2 : 0xff]));
    if (login !== undefined) {
      const name = await exactly(client, (await exactly(client, 2))[1]!);
      const word = await exactly(client, (await exactly(client, 1))[0]!);
      const isRight = `${name}:${word}` === login;
      client.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return void client.end();
    }
    const type = (await exactly(client, 4))[3];
    const host = type === 3
      ? (await exactly(client, (await exactly(client, 1))[0]!)).toString()
      : (await exactly(client, type === 1 ? 4 : 16)).join(type === 1 ? "." : ",");
    const port = (await exactly(client, 2)).readUInt16BE();
    this.requests.push(`${host}:${port}`);
    const server = await this.#connect(host, port);
    client.write(Buffer.from([5, server === undefined ? 5 : 0, 0, 1, 127, 0, 0, 1, 0, 0]));
    if (server === undefined) return void client.end();
    join(client, server);
  }

  #connect(host: string, port: number): Promise<net.Socket | undefined> {
    const socket = net.connect({ host, port });
    this.#keep(socket);
    return new Promise((resolve) => {
      socket.on("connect", () => resolve(socket));
      socket.on("error", () => resolve(undefined));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function join(client: net.Socket, server: net.Socket): void {
  client.pipe(server).pipe(client);
  client.on("close", () => server.destroy());
  server.on("close", () => client.destroy());
}

async function some(socket: net.Socket): Promise<Buffer> {
  return await exactly(socket, undefined);
}

/** The next bytes of a socket, so many or as many as there are. */
function exactly(socket: net.Socket, count: number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const read = () => {
      const bytes = count === 0 ? Buffer.alloc(0) : count === undefined ? socket.read() : socket.read(count);
      if (bytes === null) return;
      socket.off("readable", read);
      resolve(bytes);
    };
    socket.on("readable", read);
    socket.on("close", () => reject(new Error("closed")));
    read();
  });
}
