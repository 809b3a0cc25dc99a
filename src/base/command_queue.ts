/** Runs the commands of a user for many clients: some at the same time, in the order of the requests. */

/** How many run at the same time; the others wait. */
const together = 8;

/** How long one command may take, in milliseconds. */
export const commandLimitMs = 10_000;

export class CommandQueue {
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  /** Runs a task now or once another has ended. The task must not reject. */
  add(task: () => Promise<void>): void {
    this.#waiting.push(task);
    if (this.#running < together) void this.#work();
  }

  async #work(): Promise<void> {
    this.#running++;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next();
    this.#running--;
  }
}
