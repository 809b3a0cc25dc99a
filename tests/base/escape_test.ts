/** Escapes of external text, one test for each target format. */
import assert from "node:assert/strict";
import * as escape from "../../src/base/escape.ts";

const cases: readonly (readonly [does: (text: string) => string, text: string, escaped: string])[] = [
  [escape.escapeLine, "plain – ü 😀 é", "plain – ü 😀 é"],
  [escape.escapeLine, "a\nb\tc\r\n", "a\\nb\\tc\\r\\n"],
  [escape.escapeLine, "\u0000\u001b[31m\u007f\u0085\u009b", "\\u0000\\u001b[31m\\u007f\\u0085\\u009b"],
  [escape.escapeLine, "\u2028\u2029\u202a\u202e\u2066\u2069", "\\u2028\\u2029\\u202a\\u202e\\u2066\\u2069"],
  [escape.escapeLine, "\u200b\ufeff\u{e0041}", "\\u200b\\ufeff\\udb40\\udc41"],
  [escape.escapeLines, "a\nb\tc\r\nd\re\u001b", "a\nb\tc\r\nd\\re\\u001b"],
  [escape.escapeTerminal, "\u001b[1m\u001b[32mok\u001b[39m\u001b[22m", "\u001b[1m\u001b[32mok\u001b[39m\u001b[22m"],
  [escape.escapeTerminal, "\u001b[?25l\u001b[12A\ra\u001b[K\n\u001b[J", "\u001b[?25l\u001b[12A\ra\u001b[K\n\u001b[J"],
  [escape.escapeTerminal, "\rcase 1\r", "\rcase 1\r"],
  [escape.escapeTerminal, "a\rb", "a\\rb"],
  [escape.escapeTerminal, "\u001b[8m\u001b]0;x\u0007\u009b2J", "\\u001b[8m\\u001b]0;x\\u0007\\u009b2J"],
  [escape.escapeTerminal, "\u001b[2J\u001b[1;1H", "\\u001b[2J\\u001b[1;1H"],
  [escape.escapeJson, `{"a":"\u009b\u202e"}\n`, `{"a":"\\u009b\\u202e"}\n`],
  [escape.escapeLogValue, "127.0.0.1:1883", "127.0.0.1:1883"],
  [escape.escapeLogValue, 'a "b"\u009b', '"a \\"b\\"\\u009b"'],
  [escape.quoteLine, 'a"\n\u202e', '"a\\"\\n\\u202e"'],
  [escape.escapeHtml, `<a href="x">'&\u202e\n`, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\\u202e\n"],
  [escape.escapeXml, "<\u0000\ufffe\ud800>", "&lt;\\u0000\ufffd\ufffd&gt;"],
  [escape.escapeMarkdown, "a|b\n# c_ @team\u202e", "a\\|b \\# c\\_ &#64;team\\\\u202e"],
  [escape.escapeCsv, "a,b", '"a,b"'],
  [escape.escapeCsv, 'a "b"\r\nc', '"a ""b""\r\nc"'],
  [escape.escapeCsv, "=1+1", "'=1+1"],
  [escape.escapeCsv, "\t=1", "'\t=1"],
  [escape.escapeCsv, "\r=1", "'\\r=1"],
  [escape.escapeCsv, "\u001b[31m", "\\u001b[31m"],
  [escape.quoteShell, "mqtt://a:1", "mqtt://a:1"],
  [escape.quoteShell, "it's $(x)", "'it'\\''s $(x)'"],
];
for (const [does, text, escaped] of cases) {
  Deno.test(`escape: ${does.name} ${JSON.stringify(text)}`, () => assert.equal(does(text), escaped));
}

Deno.test("escape: a value in a script element ends neither the element nor the line, and parses unchanged", () => {
  const value = { "</script>": "<!--\u2028\u202e" };
  const text = escape.scriptJson(value);
  assert.doesNotMatch(text, /[<\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("escape: escapes all text of plain data, names included, and nothing else", () => {
  const date = new Date(0);
  const data = { "\u001b": ["\n", 1, null, undefined, { a: true }], date };
  assert.deepEqual(escape.escapeData(data), { "\\u001b": ["\\n", 1, null, undefined, { a: true }], date });
});
