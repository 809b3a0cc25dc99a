/** A sample for the test of doc comments: some exist, some are missing on purpose. */

/** Said. */
export const said = 1;

export const bare = 2;

/** Said, but for one method. */
export class Half {
  /** Said. */
  said(): void {}

  bare(): void {}

  #hidden(): void {}

  /** Said. */
  use(): void {
    this.#hidden();
  }
}
