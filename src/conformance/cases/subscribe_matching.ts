/** Which topics a filter matches. */
import type { ConformanceCase, Need } from "../case/case.ts";
import type { CaseContext } from "../context/case_context.ts";

interface Matching {
  readonly name: string;
  readonly title: string;
  readonly rules: ConformanceCase["rules"];
  readonly needs?: readonly Need[];
  /** Below a topic of the case's own. */
  readonly filter: string;
  readonly matched: readonly string[];
  readonly others: readonly string[];
}

const multiLevel = { "3.1.1": ["4.7.1-2"], "5.0": ["4.7.1-1"] };
const singleLevel = { "3.1.1": ["4.7.1-3"], "5.0": ["4.7.1-2"] };
const asIs = { "3.1.1": ["4.7.3-4"], "5.0": ["4.7.3-4", "3.3.2-3"] };

const matchings: readonly Matching[] = [
  {
    name: "hash",
    title: "# at the end matches its parent and all levels below it",
    rules: multiLevel,
    needs: ["wildcard"],
    filter: "a/#",
    matched: ["a", "a/b", "a/b/c", "a/"],
    others: ["b", "ab", "ab/c"],
  },
  {
    name: "plus",
    title: "+ matches exactly one level, also an empty one",
    rules: singleLevel,
    needs: ["wildcard"],
    filter: "a/+",
    matched: ["a/b", "a/", "a/c d"],
    others: ["a", "a/b/c", "b/b"],
  },
  {
    name: "plus-inside",
    title: "+ matches one level in the middle",
    rules: singleLevel,
    needs: ["wildcard"],
    filter: "a/+/c",
    matched: ["a/b/c", "a//c"],
    others: ["a/c", "a/b/b/c", "a/b/d"],
  },
  {
    name: "plus-and-hash",
    title: "+ and # can be combined",
    rules: { "3.1.1": ["4.7.1-2", "4.7.1-3"], "5.0": ["4.7.1-1", "4.7.1-2"] },
    needs: ["wildcard"],
    filter: "+/b/#",
    matched: ["a/b", "a/b/c", "c/b/d/e"],
    others: ["a/c", "b", "a/a/b"],
  },
  {
    name: "as-is",
    title: "topics are compared exactly: case, spaces, slashes and accents matter",
    rules: asIs,
    filter: "A/b c/é",
    matched: ["A/b c/é"],
    others: ["a/b c/é", "A/bc/é", "A/b c/e\u0301", "A/b c/é/", "/A/b c/é"],
  },
];

/** Every topic gets a message whose payload is the topic; the watcher must receive exactly those that match. */
async function match(context: CaseContext, { filter, matched, others }: Matching): Promise<void> {
  const watcher = await context.connect({ name: "watcher" });
  await watcher.subscribe(context.topic(filter), { qos: 0 });
  const publisher = await context.connect({ name: "publisher" });
  for (const name of [...matched, ...others]) {
    const topic = context.topic(name);
    await publisher.publish({ topic, payload: new TextEncoder().encode(context.text()), qos: 0, retain: false });
  }
  await publisher.ping();
  await context.pause(context.bounds.silenceMs);
  const came = watcher.take("publish").map(({ topic }) => topic);
  const due = matched.map((name) => context.topic(name));
  const lacking = due.filter((topic) => !came.includes(topic));
  const beyond = came.filter((topic) => !due.includes(topic));
  context.holds(lacking.length === 0, `${filter} has not matched ${lacking.join(", ")}`);
  context.holds(beyond.length === 0, `${filter} has matched ${beyond.join(", ")}`);
  context.holds(came.length === due.length, `${came.length} messages came for ${due.length}`);
}

export const subscribeMatchingCases: readonly ConformanceCase[] = [
  ...matchings.map((matching): ConformanceCase => ({
    id: `subscribe/matches-${matching.name}`,
    title: matching.title,
    does:
      `subscribes to ${matching.filter}, publishes to ${matching.matched.length + matching.others.length} topics, ` +
      "and checks which messages come",
    rules: matching.rules,
    ...matching.needs && { needs: matching.needs },
    run: (context) => match(context, matching),
  })),
  {
    id: "subscribe/matches-dollar",
    title: "a filter that begins with a wildcard matches no topic that begins with $",
    does: "takes a topic of the broker below $SYS, replaces $SYS by +, subscribes, and watches",
    rules: { "3.1.1": ["4.7.2-1"], "5.0": ["4.7.2-1"] },
    needs: ["wildcard"],
    async run(context) {
      const direct = await context.connect({ name: "direct" });
      await direct.subscribe("$SYS/#", { qos: 0 });
      await context.pause(context.bounds.silenceMs);
      const [own] = direct.take("publish");
      context.requires(own !== undefined, "the broker has no topic below $SYS");
      const rest = own!.topic.slice(own!.topic.indexOf("/"));
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(`+${rest}`, { qos: 0 });
      await context.pause(context.bounds.silenceMs);
      const came = watcher.take("publish").map(({ topic }) => topic).filter((topic) => topic.startsWith("$"));
      context.holds(came.length === 0, `+${rest} has matched ${came[0]}`);
    },
  },
];
