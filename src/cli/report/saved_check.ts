/**
 * The report of a check, read again. The program checks the fields that the writers rely on and accepts further ones,
 * so that it can read a later version's report with the same schema number.
 */
import { z } from "zod";
import { UsageError } from "../../base/failure.ts";
import { areas } from "../../conformance/case/case.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import { type CheckReport, checkReportSchema } from "../../report/model/check_report.ts";

const protocol = z.enum(["3.1.1", "5.0"]);
const transcript = z.array(z.looseObject({
  ...{ atMs: z.number(), link: z.string(), direction: z.enum([">", "<", "="]), text: z.string() },
  hex: z.string().optional(),
}));

const oneCase = z.looseObject({
  ...{ id: z.string(), area: z.enum(Object.keys(areas)), title: z.string(), does: z.string(), protocol },
  ...{ rules: z.array(z.string()), outcome: z.enum(["pass", "fail", "deviation", "not testable"]) },
  ...{ reason: z.string().optional(), deviation: z.string().optional(), notes: z.array(z.string()) },
  ...{ durationMs: z.number(), transcript: transcript.optional() },
  again: z.looseObject({ reason: z.string(), lateMs: z.number() }).optional(),
});

const document = z.looseObject({
  schema: z.literal(checkReportSchema),
  tool: z.looseObject({ name: z.literal("mqtt-sim"), version: z.string() }),
  ...{ verdict: z.enum(["pass", "fail", "void"]), verdictText: z.string(), reason: z.string() },
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(3), z.literal(130)]),
  ...{ target: z.string(), startedAt: z.iso.datetime(), durationMs: z.number(), quick: z.boolean() },
  ...{ profile: z.string().optional(), engine: z.enum(["epoll", "deno"]).optional() },
  bounds: z.looseObject({
    ...{ answerMs: z.number(), lateMs: z.number(), earlyMs: z.number(), silenceMs: z.number() },
    ...{ restartMs: z.number(), lagMs: z.number(), slack: z.number() },
  }),
  counts: z.looseObject({
    ...{ "pass": z.number(), "fail": z.number(), "deviation": z.number(), "not testable": z.number() },
  }),
  controls: z.array(z.looseObject({
    ...{ protocol, outcome: z.enum(["pass", "fail", "void", "not spoken"]), reason: z.string().optional() },
    transcript: transcript.optional(),
  })),
  cases: z.array(oneCase),
  warnings: z.array(z.string()),
});

/** Whether a text is the report of a check. */
export function isCheckReport(text: string): boolean {
  try {
    const { schema } = (JSON.parse(text) ?? {}) as { readonly schema?: unknown };
    return schema === checkReportSchema;
  } catch {
    return false;
  }
}

/** The report of a check from its text. @throws UsageError when it is none */
export function parseCheckReport(text: string, name: string): CheckReport {
  const report: CheckReport = JSON.parse(text);
  const { error } = document.safeParse(report);
  if (error !== undefined) {
    const { path, message } = error.issues[0]!;
    const fault = `${message[0]!.toLowerCase()}${message.slice(1)}`;
    throw new UsageError(
      `Cannot read report "${name}": at ${path.join(".")} it is not a valid report of a check: ${fault}`,
    );
  }
  return {
    ...report,
    reason: withMaskedUrls(report.reason),
    warnings: report.warnings.map(withMaskedUrls),
    target: withMaskedUrls(report.target),
  };
}
