/** The table of events defines the format: the document equals it, and the reader refuses every other line. */
import assert from "node:assert/strict";
import { eventFault, eventFields, recordSchema, runKinds } from "../../../src/fleet/recording/record_event.ts";
import { eachCase } from "../../support/steps.ts";

const document = await Deno.readTextFile(new URL("../../../docs/record.md", import.meta.url));

/** Rows of the document's event tables: kind and fields. */
function documented(): Map<string, string[]> {
  const rows = document.split("\n").map((line) => line.split(" | ").map((cell) => cell.replace(/^\|/, "").trim()));
  const events = rows.filter(([kind, , ...more]) => /^`[a-z]+`$/.test(kind!) && more.length === 1);
  return new Map(events.map(([kind, fields]) => [kind!.slice(1, -1), fields!.match(/[\w?]+/g) ?? []]));
}

Deno.test("record: the schema and the docs name each kind of event with all its fields", () => {
  const coded = Object.entries(eventFields).map(([kind, fields]) => [kind, Object.keys(fields)] as const);
  assert.deepEqual(Object.fromEntries(documented()), Object.fromEntries(coded));
  assert.ok(document.includes(`\`${recordSchema}\``));
});

/** For each type, a valid and an invalid value. */
const values: Readonly<Record<string, readonly [good: unknown, bad: unknown]>> = {
  whole: [3, 3.5],
  number: [3.5, "3"],
  text: ["x", 3],
  flag: [true, "yes"],
  mode: ["reset", "lost"],
  phase: ["kill", "killing"],
  sight: ["both", "all"],
  qos: [2, 3],
  version: [5, 3],
  altered: [["topic", "qos"], ["client"]],
  word: ["left", "gone"],
  moment: ["middle", "noon"],
  state: ["foreign", "here"],
  parts: [["payload"], [3]],
};

Deno.test("record: checks each field of each kind", async (t) => {
  await eachCase(t, Object.entries(eventFields), ([kind, fields]) => {
    const named = Object.entries<string>(fields).map(([name, type]) => [name.replace("?", ""), type] as const);
    const event: Record<string, unknown> = { atMs: 1.5, kind, squad: 0 };
    for (const [name, type] of named) event[name] = values[type]![0];
    assert.equal(eventFault(event), undefined, kind);
    assert.equal(eventFault({ ...event, more: 1 }), undefined, "what is unknown is let through");
    for (const [name, type] of named) {
      const bad = values[type]![1];
      assert.equal(eventFault({ ...event, [name]: bad }), `${name} is ${JSON.stringify(bad)}`);
      const { [name]: _, ...without } = event;
      const fault = Object.hasOwn(fields, `${name}?`) ? undefined : `${name} is undefined`;
      assert.equal(eventFault(without), fault, `${kind} without ${name}`);
    }
  });
});

Deno.test("record: an event needs a time, a known kind, and a squad unless it belongs to the run", () => {
  assert.equal(eventFault({ atMs: 1, kind: "ready" }), "squad is undefined");
  assert.equal(eventFault({ atMs: 1, kind: "constructor", squad: 0 }), 'kind is "constructor"');
  assert.equal(eventFault({ kind: "ready", squad: 0 }), "atMs is undefined");
  assert.deepEqual([...runKinds], ["warning", "restarted", "dropped", "aborted", "usage", "end"]);
  assert.equal(eventFault({ atMs: 1, kind: "warning", text: "w" }), undefined);
});
