/** The name of this machine, for messages about the parts of a run. */

/** The name in /etc/hostname; in a container, the name of the container or the pod. */
export function hostName(): string {
  try {
    const name = Deno.readTextFileSync("/etc/hostname").trim();
    if (name !== "") return name;
  } catch {
    // Not every system has the file.
  }
  return "this machine";
}
