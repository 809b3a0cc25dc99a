/** CONNECTs whose will cannot be one: closed, and nothing of them is ever seen. */
import type { ConformanceCase } from "../case.ts";
import type { Stage } from "../stage.ts";

interface BadFlags {
  readonly name: string;
  readonly title: string;
  readonly rules: ConformanceCase["rules"];
  /** The connect flags beside Clean Start. */
  readonly flags: number;
  /** Whether the payload has the will's fields. */
  readonly hasWill: boolean;
}

const badFlags: readonly BadFlags[] = [
  {
    name: "will/flags-qos-1-alone",
    title: "will QoS 1 without the will flag is refused",
    rules: { "3.1.1": ["3.1.2-13"], "5.0": ["3.1.2-11"] },
    flags: 0x08,
    hasWill: false,
  },
  {
    name: "will/flags-qos-2-alone",
    title: "will QoS 2 without the will flag is refused",
    rules: { "3.1.1": ["3.1.2-13"], "5.0": ["3.1.2-11"] },
    flags: 0x10,
    hasWill: false,
  },
  {
    name: "will/flags-retain-alone",
    title: "will retain without the will flag is refused",
    rules: { "3.1.1": ["3.1.2-15"], "5.0": ["3.1.2-13"] },
    flags: 0x20,
    hasWill: false,
  },
  {
    name: "will/flags-qos-3",
    title: "will QoS 3 is refused, and no will is sent",
    rules: { "3.1.1": ["3.1.2-14"], "5.0": ["3.1.2-12"] },
    flags: 0x1c,
    hasWill: true,
  },
];

/** A CONNECT with other flags than its fields ask for. */
function spoiledFlags(stage: Stage, { flags, hasWill }: BadFlags): Uint8Array {
  const bytes = stage.connectBytes(hasWill ? { will: stage.will() } : {});
  const at = bytes.indexOf(0x4d) + 5; // after MQTT and the level
  bytes[at] = (bytes[at]! & ~0x3c) | flags;
  return bytes;
}

export const willMalformedCases: readonly ConformanceCase[] = badFlags.map((bad) => ({
  id: bad.name as ConformanceCase["id"],
  title: bad.title,
  does: `sends a CONNECT with the will's flags at 0x${
    bad.flags.toString(16).padStart(2, "0")
  }, and waits for the close`,
  rules: bad.rules,
  async run(stage) {
    const watcher = await stage.watcher();
    const client = stage.dial();
    client.sendBytes(spoiledFlags(stage, bad), `CONNECT with the will's flags at 0x${bad.flags.toString(16)}`);
    await client.expectRefused();
    await watcher.receivesNothing();
  },
}));
