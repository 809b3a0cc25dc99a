/**
 * A CONNECT of 3.1.1 with an empty client identifier, as bytes: an MQTT server answers it with a CONNACK.
 */

/** Clean Session 1, no will, no login, keep alive 10 s. */
export const connectProbe: Uint8Array = Uint8Array.of(
  ...[0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0x02, 0, 10, 0, 0],
);
