/** Gives up permissions, each in whole: the runtime cannot narrow one that is given. */
export type GiveUp = (...names: readonly Spare[]) => void;

/** A permission that can be given up. */
export type Spare = "read" | "write" | "net" | "run" | "ffi";

/** As the program does it. */
export const giveUpPermissions: GiveUp = (...names) => {
  for (const name of names) Deno.permissions.revokeSync({ name });
};

/** For a caller whose permissions are its own affair: a test, or a program around this one. */
export const keepPermissions: GiveUp = () => {};
