/**
 * The container image of the Containerfile, built and run by buildah: on a base of this machine's files, since the tests
 * reach no image registry. Its storage is a folder of the test, with the driver `vfs`, which works on any file system.
 */
import assert from "node:assert/strict";
import { brokerReady, find, findBinary, peerTest, startCompiled } from "../../support/brokers/peers.ts";
import { nats } from "../../support/brokers/nats_peer.ts";
import { ChildProcess } from "../../support/machine/child_process.ts";
import { startNatsServer } from "../../support/parts/nats_server.ts";

const binary = await findBinary();
const buildah = await find(["buildah"], ["mount"], "apt-get install buildah, and root", 0);
const root = new URL("../../../", import.meta.url).pathname;
const [base, image] = ["localhost/mqtt-sim-base", "localhost/mqtt-sim"];
const limitMs = 100_000;

const title = "image: runs without a shell as user 65532, and judges a broker, also in parts over NATS";

peerTest(title, [binary, buildah, nats], async () => {
  await using store = await Store.make();
  await store.run("bash", [`${root}tools/image/debian_base.sh`, base]);
  await store.buildah("build", "--quiet", "--build-arg", `BASE=${base}`, "--tag", image, root);

  const { User, Entrypoint, Cmd, WorkingDir } = await configOf(store);
  assert.deepEqual({ User, Entrypoint, Cmd, WorkingDir }, {
    User: "65532:65532",
    Entrypoint: ["/usr/bin/mqtt-sim"],
    Cmd: ["--help"],
    WorkingDir: "/home/nonroot",
  });

  const plain = await store.container(base);
  const container = await store.container(image);
  const added = container.files.filter((file) => !plain.files.includes(file));
  assert.deepEqual(added, ["usr/bin/mqtt-sim"]);
  assert.deepEqual(container.files.filter((file) => /(^|\/)s?bin\//.test(file)), added, "no other program");
  assert.ok(plain.files.includes("etc/ssl/certs/ca-certificates.crt"), plain.files.join());

  const inImage = (...words: string[]) => store.buildah("run", container.name, "--", ...words);
  assert.match(await inImage(...Entrypoint, ...Cmd), /mqtt-sim/);
  await assert.rejects(inImage("/bin/sh", "-c", "true"), /\/bin\/sh: no such file/);

  await using broker = await brokerReady(startCompiled(binary, ["broker", "--host", "127.0.0.1", "--port", "0"]));
  const target = ["--url", broker.url, "--clients", "50", "--kill-rate", "20%", "--duration", "3s"];
  const reports = ["--html", "run.html", "--report", "/tmp/run.json"];
  assert.match(await inImage(...Entrypoint, "fleet", ...target, ...reports), /^PASS /m);
  assert.equal(JSON.parse(await Deno.readTextFile(`${container.folder}/tmp/run.json`)).verdict, "pass");
  assert.equal((await Deno.stat(`${container.folder}/home/nonroot/run.html`)).uid, 65532);

  await using server = await startNatsServer();
  const part = () => inImage(...Entrypoint, "part", "--over", server.url, "--run", "image", "--quiet");
  const over = ["--over", server.url, "--run-id", "image", "--parts", "2", "--report", "/tmp/parts.json"];
  const [whole] = await Promise.all([inImage(...Entrypoint, "fleet", ...target, ...over), part(), part()]);
  assert.match(whole, /^parts +2 of 2 reports on 1 host,.*[^]*^PASS /m);
  const { parts, kills } = JSON.parse(await Deno.readTextFile(`${container.folder}/tmp/parts.json`));
  assert.deepEqual(parts.each.map(({ verdict }: { verdict: string }) => verdict), ["pass", "pass"]);
  assert.ok(kills.total > 20 && parts.each.every(({ kills }: { kills: number }) => kills > 0), JSON.stringify(kills));

  print(`image: ${await mebibytesOf(container)} MiB, ${await mebibytesOf(plain)} of them the base`);
}, limitMs);

/** What the image sets for its containers. */
async function configOf(store: Store) {
  const { OCIv1 } = JSON.parse(await store.buildah("inspect", "--type", "image", image));
  const config: { User: string; Entrypoint: string[]; Cmd: string[]; WorkingDir: string } = OCIv1.config;
  return config;
}

/** A container before its program runs. */
interface Container {
  readonly name: string;
  /** The folder on this machine that holds its files. */
  readonly folder: string;
  readonly files: readonly string[];
}

/** The storage of buildah for one test; it ends with its containers and images. */
class Store implements AsyncDisposable {
  readonly #folder: string;
  readonly #flags: readonly string[];

  private constructor(folder: string) {
    this.#folder = folder;
    this.#flags = ["--root", `${folder}/store`, "--runroot", `${folder}/run`, "--storage-driver", "vfs"];
  }

  static async make(): Promise<Store> {
    const folder = `${root}dist/${crypto.randomUUID()}`;
    await Deno.mkdir(folder);
    return new Store(folder);
  }

  /** The output of buildah on this storage. */
  buildah(command: string, ...args: string[]): Promise<string> {
    return this.run(buildah.program, [...this.#flags, command, ...args]);
  }

  /** The output of a program; its variables let buildah use this storage. */
  async run(program: string, args: readonly string[]): Promise<string> {
    await using child = new ChildProcess(program, args, {
      cwd: this.#folder,
      env: { BUILDAH_FLAGS: this.#flags.join(" "), BUILDAH_ISOLATION: "chroot" },
    });
    const { code } = await child.exit(limitMs);
    assert.equal(code, 0, `${program} ${args.join(" ")}\n${child.said}`);
    return child.lines.join("\n");
  }

  /** Makes a container of an image. */
  async container(of: string): Promise<Container> {
    const name = (await this.buildah("from", of)).trim();
    const folder = (await this.buildah("mount", name)).trim();
    return { name, folder, files: [...below(folder)].map((path) => path.slice(folder.length + 1)).sort() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.buildah("rm", "--all");
    await this.buildah("rmi", "--all", "--force");
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The size of the files that the container has from its image. */
async function mebibytesOf({ folder, files }: Container): Promise<string> {
  const sizes = await Promise.all(files.map(async (file) => (await Deno.lstat(`${folder}/${file}`)).size));
  return (sizes.reduce((sum, size) => sum + size, 0) / 1024 ** 2).toFixed(1);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function* below(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* below(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
