/**
 * The flags that the task `mqtt-sim`, the binary and the npm package have in common, as `tools/tasks/program_flags.txt`
 * lists them. The file is read by `deno task` too, from the folder of `deno.json`.
 */
export function programFlags(): string[] {
  const folder = new URL("../../", import.meta.url);
  return listedFlags().map((flag) =>
    flag.replace(configFlag, (_, path) => `--config=${new URL(path, folder).pathname}`)
  );
}

/** The flags without the config file, for a program that has its packages in its own files. */
export function bundleFlags(): string[] {
  return listedFlags().filter((flag) => !configFlag.test(flag));
}

const configFlag = /^--config=(.+)$/;

function listedFlags(): string[] {
  return Deno.readTextFileSync(new URL("./program_flags.txt", import.meta.url)).trim().split(/\s+/);
}
