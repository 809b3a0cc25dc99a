/** Templates: every placeholder, its width, and braces that are no placeholder. */
import assert from "node:assert/strict";
import { fillTemplate, hasPlaceholder, strangeBrace, Template } from "../../../src/fleet/plan/template.ts";
import { eachCase } from "../../support/steps.ts";

const values = { run: "r1", client: "7", id: "dev-7", bucket: "2", incarnation: "3", group: "g" };

const cases = [
  { template: "dev-{client:05}", filled: "dev-00007", strange: undefined },
  { template: "{run}/{id}/{bucket}/{incarnation}/{group}", filled: "r1/dev-7/2/3/g", strange: undefined },
  { template: "{client:05}{client}", filled: "000077", strange: undefined },
  { template: '{"state":"offline"}', filled: '{"state":"offline"}', strange: '{"state":"offline"}' },
  { template: "{client:5}", filled: "{client:5}", strange: "{client:5}" },
  { template: "{client", filled: "{client", strange: "{" },
  { template: "", filled: "", strange: undefined },
];

Deno.test("template: fills placeholders and leaves other braces", async (t) => {
  await eachCase(t, cases, ({ template, filled, strange }) => {
    assert.equal(fillTemplate(template, (name) => values[name]), filled);
    assert.equal(strangeBrace(template), strange);
  });
});

Deno.test("template: matches only the text that it fills", () => {
  const template = new Template<number>(
    "a{client:03}/{bucket}",
    (name, client) => name === "client" ? `${client}` : "b",
  );
  assert.equal(template.fill(7), "a007/b");
  assert.ok(template.matches("a007/b", 7));
  for (const text of ["", "a007/", "a007/bb", "a007/c", "a008/b", "xa007/b"]) {
    assert.ok(!template.matches(text, 7), text);
  }
});

Deno.test("template: leaves a placeholder without a value, and knows which placeholders it has", () => {
  assert.equal(fillTemplate("{bucket}-{client:03}", (name) => name === "client" ? "12" : undefined), "{bucket}-012");
  assert.ok(hasPlaceholder("a/{client:05}", "client"));
  assert.ok(!hasPlaceholder("a/{client:05}", "id"));
});
