/**
 * A check that a text is well-formed XML, to the extent that JUnit needs: one root, closed in order, quoted, escaped.
 */
import assert from "node:assert/strict";

const token = /<\?xml [^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
const entity = /&(?!amp;|lt;|gt;|quot;|#39;)/;

/** Asserts that the text is well-formed; returns the names of its elements in order. */
export function assertWellFormed(text: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  let at = 0;
  for (const [whole, close, start, attributes = "", empty, words] of text.matchAll(token)) {
    at += whole.length;
    if (close !== undefined) assert.equal(close, open.pop(), `</${close}> closes the element that is open`);
    if (start !== undefined) {
      assert.ok(open.length > 0 || names.length === 0, "one root");
      names.push(start);
      if (empty === "") open.push(start);
    }
    assert.doesNotMatch(attributes + (words ?? ""), entity);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(whole, /[\x00-\x08\x0b\x0c\x0e-\x1f]/);
  }
  assert.equal(at, text.length, `no XML from here on: ${text.slice(at, at + 60)}`);
  assert.deepEqual(open, [], "everything is closed");
  return names;
}
