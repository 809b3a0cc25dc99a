/** Processes that a process of a test has started. */

/** Ends a process that is not a child of this one, if it exists; resolves after its end. */
export async function endProcess(pid: number): Promise<void> {
  for (let there = true; there;) {
    there = (await new Deno.Command("sh", { args: ["-c", `kill -KILL ${pid}`], stderr: "null" }).output()).success;
    if (there) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
