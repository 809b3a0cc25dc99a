/** The repeat command of a run: the command line reads the same plan from it. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import { fleetRequest } from "../../../src/cli/fleet/fleet_request.ts";
import { makePlan, planDefaults } from "../../../src/fleet/plan/make_plan.ts";
import type { FleetPlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { withEmptyPasswords, withoutPasswords } from "../../../src/fleet/recording/record_header.ts";
import { repeatCommand } from "../../../src/report/model/repeat.ts";
import { formOf, isNumber } from "../../../src/fleet/plan/option_value.ts";
import type { PlanOption } from "../../../src/fleet/plan/plan_option.ts";
import { optionList, type OptionName } from "../../../src/fleet/plan/plan_options.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { killModes } from "../../../src/fleet/plan/kill_mode.ts";
import { neededOptions } from "../../fleet/plan/needed_options.ts";
import { captured } from "../captured.ts";

const base: PlanRequest = { run: "again", seed: 4_294_967_295 };

/** Each option of a plan with a value other than its default. */
const different: PlanRequest = {
  ...base,
  clients: 2_345,
  protocol: "5",
  killRate: { kind: "count", perSecond: 12.5 },
  killShares: [{ mode: "freeze", weight: 1.5 }, { mode: "leave", weight: 2 }],
  durationMs: 90_500,
  reconnectAfterMs: "never",
  rampPerSecond: 123,
  connectsUnderWay: 12,
  keepAliveS: 33,
  willQos: "mix",
  willRetain: true,
  willDelayS: 7,
  sessionExpiryS: 3_600,
  cleanStart: "mix",
  willTopic: "it's/{bucket}/$x/{client} ü",
  willPayloadSizeBytes: 100,
  watchers: 9,
  fanOut: 3,
  watchQos: 1,
  workers: 4,
  shard: { number: 2, of: 2 },
  clientPrefix: 'a "b"',
  username: "user name",
  lateAfterMs: 250,
  drainMs: 5_000,
  restartTimeoutMs: 12_500,
  restartCommand: "pkill 'my broker' && sleep 1; exec ./broker &",
  sourceAddresses: ["127.0.0.2", "127.0.0.3"],
  sourcePorts: 1_000,
  tlsCa: "ca.pem",
  tlsCert: "our cert.pem",
  tlsKey: "our key.pem",
  tlsServerName: "broker.example",
  tlsInsecure: true,
  alpn: "mqtt,x-amzn-mqtt-ca",
  proxy: "socks5://127.0.0.1:1080",
  wsHeaders: ["x-key=VALUE", "x-other=VALUE"],
  awsSign: "eu-central-1",
  authMethod: "TOKEN",
  authData: "@token.bin",
  reauthEveryMs: 60_000,
  engine: "deno",
};

/** Splits a command into words as a POSIX shell does, for the quotes that the command uses: bare, '…' and \'. */
function shellWords(command: string): string[] {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted, bare) => quoted ?? bare));
}

async function readBack(plan: FleetPlan): Promise<FleetPlan> {
  const [program, ...args] = shellWords(repeatCommand(plan, undefined, { program: "mqtt-sim", runIdAsked: true }));
  assert.equal(program, "mqtt-sim");
  return makePlan(await fleetRequest(readCommandLine(args, captured()) as FleetFlags));
}

Deno.test("repeat: the sample differs from each default", () => {
  for (const [name, value] of Object.entries(planDefaults)) {
    assert.notDeepEqual(different[name as keyof PlanRequest], value, name);
  }
  assert.deepEqual(Object.keys(makePlan(different)).sort(), Object.keys(different).sort());
});

Deno.test("repeat: the value of a header is not in the command", () => {
  const plan = makePlan({ ...base, wsHeaders: ["authorization=Bearer s3cret"] });
  const command = repeatCommand(plan, undefined, { program: "mqtt-sim" });
  assert.match(command, /--ws-header authorization=VALUE/);
  assert.doesNotMatch(command, /s3cret/);
});

Deno.test("repeat: the password of a proxy is not in the command, nor in what a report and a recording have of the plan", () => {
  const plan = makePlan({ ...base, proxy: "http://user:s3cr@et@proxy:3128" });
  const command = repeatCommand(plan, undefined, { program: "mqtt-sim" });
  for (const shown of [command, JSON.stringify(withoutPasswords(plan)), JSON.stringify(withEmptyPasswords(plan))]) {
    assert.match(shown, /http:\/\/user:…@proxy:3128/);
    assert.doesNotMatch(shown, /s3cr|et@/);
  }
});

Deno.test("repeat: authentication data are not in the command, nor in what a report and a recording have of the plan", () => {
  const plan = { ...makePlan({ ...base, authMethod: "TOKEN", authData: "s3cret" }), authBytes: "s3cret" };
  const command = repeatCommand(plan, undefined, { program: "mqtt-sim" });
  assert.match(
    command,
    /--auth-method TOKEN --auth-data @AUTH_DATA_FILE|--auth-data @AUTH_DATA_FILE .*--auth-method TOKEN/,
  );
  for (const shown of [command, JSON.stringify(withoutPasswords(plan)), JSON.stringify(withEmptyPasswords(plan))]) {
    assert.doesNotMatch(shown, /s3cret/);
  }
});

Deno.test("repeat: a plan of defaults is parsed again unchanged", async () => {
  assert.deepEqual(await readBack(makePlan(base)), makePlan(base));
});

Deno.test("repeat: a plan without defaults is parsed again unchanged", async () => {
  assert.deepEqual(await readBack(makePlan(different)), makePlan(different));
});

for (const [name, value] of Object.entries(different)) {
  if (name === "run" || name === "seed") continue;
  Deno.test(`repeat: a plan with another ${name} is parsed again unchanged`, async () => {
    // Workers determine watchers, and a topic without buckets has one watcher for each worker.
    const plan = makePlan({ ...base, ...neededOptions[name], [name]: value });
    assert.deepEqual(await readBack(plan), plan);
  });
}

/** A plain object, as in a plan. */
const plain = { noNullPrototype: true } as const;

/** Any value of an option. */
function valueOf(name: OptionName, { value: kind }: PlanOption): fc.Arbitrary<unknown> {
  if (name === "run") return fc.stringMatching(/^[0-9A-Za-z-]{1,16}$/);
  if (name === "authData") return fc.constantFrom("@data.bin", "@it's ü");
  if (name === "willTopic") return fc.constantFrom("a/{bucket}/{client}", "it's/{bucket}/$x/{client} ü", "w/{client}");
  if (name === "clientId") return fc.constantFrom("dev-{client}", "{run}/{client:05}", "it's {client} ü");
  if (isNumber(kind)) {
    if (name === "watchers") return fc.integer({ min: 64, max: 500 });
    return fc.integer({ min: name === "clients" ? 64 : kind.min, max: kind.max });
  }
  switch (kind.kind) {
    case "choice":
    case "qos":
      return fc.constantFrom(...formOf(kind).words!).map((word) => formOf(kind).read(word, "it"));
    case "switch":
      return fc.constant(true);
    case "killRate":
      return fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.constantFrom("%", "/s"))
        .map(([tenths, unit]) => formOf(kind).read(`${tenths / 10}${unit}`, "it"));
    case "killShares": {
      const weight = fc.integer({ min: 1, max: 1_000 }).map((n) => n / 4);
      const modes = fc.shuffledSubarray(killModes.filter((mode) => mode !== "kicked"), { minLength: 1 });
      return modes.chain((each) =>
        fc.tuple(...each.map((mode) => fc.record({ mode: fc.constant(mode), weight }, plain)))
      );
    }
    case "reconnect":
      return fc.oneof(fc.constant("never"), fc.integer({ min: 0, max: 100_000 }));
    case "addresses":
      return fc.uniqueArray(fc.integer({ min: 2, max: 40 }), { minLength: 1 })
        .map((numbers) => numbers.map((number) => `127.0.0.${number}`));
    case "headers":
      // The command has a placeholder for the value, which may be a secret.
      return fc.constant(["x-key=VALUE"]);
    case "nodes":
      return fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 })
        .map((shares) => shares.map((share, at) => ({ name: `n${at}`, url: `mqtt://127.0.0.1:${1_883 + at}`, share })));
    case "shard":
      return fc.integer({ min: 1, max: 9 }).chain((of) =>
        fc.record({ number: fc.integer({ min: 1, max: of }), of: fc.constant(of) }, plain)
      );
    default:
      return fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => !/[\0/+#]/.test(text));
  }
}

/** The plan that these flags set; undefined if they conflict. */
async function planOfFlags(values: Readonly<Record<string, unknown>>): Promise<FleetPlan | undefined> {
  const words = optionList.flatMap(([name, { flag, value: kind }]) => {
    if (values[name] === undefined) return [];
    return kind.kind === "switch" ? [`--${flag}`] : [`--${flag}=${formOf(kind).write(values[name])}`];
  });
  try {
    return makePlan(
      await fleetRequest(readCommandLine(["fleet", "--seed=1", "--run-id=r", ...words], captured()) as FleetFlags),
    );
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

// The command never contains a password, and a plan needs the file of one; the seed and the run id are set above.
const notRepeated: readonly string[] = ["run", "seed", "password", "watcherPasswordFile", "canaryPasswordFile"];
const repeatable = optionList.filter(([name]) => !notRepeated.includes(name));

for (const [name, option] of repeatable) {
  Deno.test(`repeat: a plan made from --${option.flag} with any value equals that of its repeat command`, async () => {
    let plans = 0;
    await fc.assert(
      fc.asyncProperty(valueOf(name, option), async (value) => {
        const plan = await planOfFlags({ ...neededOptions[name], [name]: value });
        if (plan === undefined) return;
        plans++;
        assert.deepEqual(plan[name], value);
        assert.deepEqual(await readBack(plan), plan);
      }),
      { numRuns: 5, seed: 13 },
    );
    assert.ok(plans > 0, "at least one value goes alone");
  });
}

Deno.test("repeat: a plan made from any flags equals that of its repeat command", async () => {
  let plans = 0;
  const some = fc.shuffledSubarray(repeatable, { minLength: 2, maxLength: 6 });
  const values = some.chain((options) =>
    fc.record(Object.fromEntries(options.map(([name, option]) => [name, valueOf(name, option)])), plain)
  );
  await fc.assert(
    fc.asyncProperty(values, async (values) => {
      const plan = await planOfFlags(values);
      if (plan === undefined) return;
      plans++;
      assert.deepEqual(await readBack(plan), plan);
    }),
    { numRuns: 60, seed: 13 },
  );
  assert.ok(plans >= 30, `${plans} of 60 combinations go together`);
});
