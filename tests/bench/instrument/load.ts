/** The loads under which the fleet and the generator in C are compared. */

export interface Load {
  readonly clients: number;
  readonly killsPerSecond: number;
  readonly seconds: number;
  readonly qos: 0 | 1 | 2;
  /** From a kill to the next CONNECT, in milliseconds. */
  readonly reconnectMs: number;
}

export const loads: readonly Load[] = [
  { clients: 1_000, killsPerSecond: 50, seconds: 10, qos: 1, reconnectMs: 1_000 },
  { clients: 5_000, killsPerSecond: 250, seconds: 10, qos: 1, reconnectMs: 1_000 },
  { clients: 5_000, killsPerSecond: 2_500, seconds: 30, qos: 1, reconnectMs: 500 },
];

export function loadText({ clients, killsPerSecond }: Load): string {
  const perCent = 100 * killsPerSecond / clients;
  return `${clients.toLocaleString("en")} clients, ${perCent} %/s`;
}
