/** A report in which each text of a user or a broker is hostile. */
import type { Report } from "../../src/report/model/report.ts";
import { grouped } from "./grouped_sample.ts";
import { reportOf } from "./sample.ts";

/** Characters that control a terminal or disguise a line: C0, DEL, C1, bidirectional controls; and a tag. */
export const controls = "\u001b[31m\u001b]0;owned\u0007\r\u007f\u009b2J\u202e\u2066\u2029\ufeff\u{e0041}";

/** Texts that no writer may output unescaped. */
export const script = `<script>alert("1")</script>`;
const name = `"'>&${script}]]>\`|*_[x](y)@team\u0000\u2028${controls}`;

/** A failed run with such names everywhere. */
export function hostile(): Report {
  const report = reportOf(grouped());
  return {
    ...report,
    reason: name,
    warnings: [name],
    run: { ...report.run, id: name, target: name, repeat: `mqtt-sim --client-prefix '${name}'` },
    byGroup: report.byGroup!.map((group) => ({ ...group, name })),
    stages: [{ name: "kill", groups: [name], fromMs: 0, toMs: 20_000 }],
    plan: { ...report.plan, clientPrefix: name, willTopic: name },
    faults: report.faults.map((fault) => ({ ...fault, client: name, text: name, rule: name })),
    slowest: report.slowest.map((life) => ({ ...life, client: name })),
  };
}
