/** Rules in the format of mosquitto's acl_file: what they permit, and errors in the file. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { type Action, parseAcl } from "../../../src/broker/access/acl.ts";

const text = `
# for those without a name
topic read news/#
topic write inbox

user ann
topic ann/#
topic read news/+/today
topic deny ann/secret/#

user two words
topic readwrite with space/#

pattern write meters/%u/%c/state
pattern read commands/%c/#
pattern deny meters/+/broken/#
`;
const acl = parseAcl(text, "acl");

const cases: readonly [
  username: string | undefined,
  clientId: string,
  action: Action,
  topic: string,
  allowed: boolean,
][] = [
  [undefined, "c", "subscribe", "news/#", true],
  [undefined, "c", "subscribe", "news/a/b", true],
  [undefined, "c", "subscribe", "$share/g/news/a", true],
  [undefined, "c", "subscribe", "#", false],
  [undefined, "c", "subscribe", "$share/g/#", false],
  [undefined, "c", "publish", "news/a", false],
  [undefined, "c", "publish", "inbox", true],
  [undefined, "c", "subscribe", "inbox", false],
  ["ann", "c", "publish", "ann/x", true],
  ["ann", "c", "publish", "ann", true],
  ["ann", "c", "publish", "ann/secret", false],
  ["ann", "c", "publish", "ann/secret/x", false],
  ["ann", "c", "subscribe", "ann/x/#", true],
  ["ann", "c", "subscribe", "ann/#", false], // the filter includes a denied topic
  ["ann", "c", "subscribe", "news/a/today", true],
  ["ann", "c", "subscribe", "news/a", false], // rules above the first `user` line apply to anonymous clients only
  ["ann", "c", "publish", "inbox", false],
  ["two words", "c", "publish", "with space/x", true],
  ["bob", "m1", "publish", "meters/bob/m1/state", true],
  ["bob", "m1", "publish", "meters/bob/m2/state", false],
  ["bob", "m1", "publish", "meters/ann/m1/state", false],
  ["bob", "m1", "subscribe", "commands/m1/#", true],
  ["bob", "m1", "subscribe", "commands/+/#", false],
  ["bob", "broken", "publish", "meters/bob/broken/state", false],
  [undefined, "m1", "publish", "meters//m1/state", false],
  ["#", "m1", "publish", "meters/#/m1/state", false],
  ["a/b", "m1", "publish", "meters/a/b/m1/state", false],
  ["bob", "+", "subscribe", "commands/+/#", false],
  ["bob", "#", "subscribe", "commands/#", false],
  ["bob", "%u", "publish", "meters/bob/bob/state", false],
];
for (const [username, clientId, action, topic, allowed] of cases) {
  Deno.test(`acl: ${username ?? "an anonymous client"} as ${clientId} may${allowed ? "" : " not"} ${action} ${topic}`, () => {
    assert.equal(acl.allows({ clientId, username }, action, topic), allowed);
  });
}

Deno.test("acl: an empty file allows nothing", () => {
  assert.equal(parseAcl("", "acl").allows({ clientId: "c", username: "ann" }, "publish", "a"), false);
});

const bad: readonly [line: string, why: string][] = [
  ["user", "expected a name after user"],
  ["topics a/#", 'expected user, topic or pattern, not "topics"'],
  ["topic", 'expected [read|write|readwrite|deny] and a topic filter, not ""'],
  ["topic read a/#/b", 'expected [read|write|readwrite|deny] and a topic filter, not "read a/#/b"'],
];
for (const [line, why] of bad) {
  Deno.test(`acl: refuses an invalid line: ${line}`, () => {
    const message = `Cannot read line 2 of ACL file x: ${why}`;
    assert.throws(() => parseAcl(`topic a\n${line}\n`, "x"), new UsageError(message));
  });
}
