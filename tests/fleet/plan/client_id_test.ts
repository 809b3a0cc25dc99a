/** Client identifiers: templates, rows of a file, and identifiers that every broker must accept. */
import assert from "node:assert/strict";
import { clientIdFault, clientIdOf, ownClientId } from "../../../src/fleet/plan/client_id.ts";
import { planFaults } from "../../../src/fleet/plan/check_plan.ts";
import { fillPlan } from "../../../src/fleet/plan/make_plan.ts";
import { parseCredentials } from "../../../src/fleet/preflight/read_credentials.ts";
import { aPlan } from "../sample_life.ts";

Deno.test("client id: a template has the number of the client and the run id", () => {
  const plan = aPlan({ run: "r1", clientId: "dev-{client:05}" });
  assert.equal(clientIdOf(plan, 7), "dev-00007");
  assert.equal(clientIdOf(aPlan({ run: "r1", clientId: "{run}.{client}" }), 7), "r1.7");
  assert.equal(ownClientId(plan, "w3"), "mqtt-sim-r1-w3");
});

Deno.test("client id: a file names its clients, and canaries have identifiers of the tool", () => {
  const plan = aPlan({ run: "r1", clients: 2, credentialRows: parseCredentials("client_id\na\nb\n", "f.csv", 2) });
  assert.deepEqual([0, 1, 2].map((client) => clientIdOf(plan, client)), ["a", "b", "mqtt-sim-r1-2"]);
});

Deno.test("client id: short identifiers have 1 to 23 letters and digits, and differ", () => {
  for (const run of ["r1", "a-b-c-d", "0123456789abcdef"]) {
    const plan = aPlan({ run, shortClientIds: true, clientPrefix: "p".repeat(64) });
    const names = ["w0", "w9999", "look999999", "s1000p5", "s1000sys", "look-999999-left", "999999"];
    const ids = names.map((name) => ownClientId(plan, name));
    for (const id of [...ids, clientIdOf(plan, 1_009_999)]) assert.match(id, /^[0-9A-Za-z]{1,23}$/);
    assert.equal(new Set(ids).size, ids.length);
  }
  const [one, other] = ["a-b-c-d", "a-b-c-e"].map((run) => ownClientId(aPlan({ run, shortClientIds: true }), "1"));
  assert.notEqual(one, other);
});

Deno.test("client id: a template that cannot name each client is refused", () => {
  const expected = [
    ["dev", "{client} in it: two clients with one identifier take each other over"],
    ["{client}{client}", "{client} once"],
    ["{client}-{bucket}", "no placeholder but {client} and {run}"],
    ["{client}-{user}", "{client}, {client:05} or {run} in place of {user}"],
    ["{client}\0", "at most 1,024 bytes without NUL"],
    ["{client:05}", undefined],
  ] as const;
  for (const [template, fault] of expected) assert.equal(clientIdFault(template), fault, template);
  const sentences = (request: object) =>
    planFaults(fillPlan({ run: "r", seed: 1, ...request })).map(({ sentence }) => sentence);
  assert.deepEqual(sentences({ clientId: "{client}", credentials: "f.csv" }), [
    "Cannot use --client-id and --credentials: expected one of them: the file has the client identifiers",
  ]);
  assert.deepEqual(sentences({ watcherPasswordFile: "x" }), [
    "Cannot use --watcher-password-file alone: expected --watcher-username with it",
  ]);
});

Deno.test("client id: long names of the tool's own connections stay within 23 letters and digits, and differ", () => {
  const plan = aPlan({ run: "12345678", shortClientIds: true });
  const names = [0, 100_000, 9_999_999].flatMap((first) =>
    ["middle", "wave12", "end"].map((look) => `look-${first}-${look}`)
  );
  const ids = names.map((name) => ownClientId(plan, name));
  for (const id of ids) assert.match(id, /^[0-9A-Za-z]{1,23}$/);
  assert.equal(new Set(ids).size, names.length);
});
