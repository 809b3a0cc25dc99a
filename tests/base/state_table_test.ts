import assert from "node:assert/strict";
import { InvariantError } from "../../src/base/failure.ts";
import { nextState, type StateTable } from "../../src/base/state_table.ts";

const door: StateTable<"open" | "shut", "close" | "open"> = { open: { close: "shut" }, shut: { open: "open" } };

Deno.test("state table: an event leads to the state that the table names", () => {
  assert.equal(nextState("a door", door, "open", "close"), "shut");
  assert.equal(nextState("a door", door, "shut", "open"), "open");
});

Deno.test("state table: an event that the table does not list is an InvariantError with the event and the state", () => {
  assert.throws(() => nextState("a door", door, "shut", "close"), (error) => {
    assert.ok(error instanceof InvariantError);
    assert.match(error.message, /a door has no event "close" in state "shut"/);
    return true;
  });
});
