/**
 * The environment of the process: the variables of this program, and those by which a user chooses colours.
 */

/** What the names of this program's variables begin with. */
export const variablePrefix = "MQTT_SIM_";

/** Variables by their names. */
export type Environment = Readonly<Record<string, string>>;

/** The variables of this program; none where the runtime permits none. */
export function ownVariables(): Environment {
  try {
    return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith(variablePrefix)));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return {};
    throw error;
  }
}
