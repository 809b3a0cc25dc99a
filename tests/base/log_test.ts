import assert from "node:assert/strict";
import { type LogFormat, type LogLevel, openLog } from "../../src/base/log.ts";

function written(format: LogFormat, level: LogLevel) {
  const lines: string[] = [];
  return { lines, log: openLog({ format, level, write: (line) => void lines.push(line) }) };
}

Deno.test("log: writes lines at its level and above, and no others", () => {
  const { lines, log } = written("text", "warning");
  log.write("info", "no");
  log.write("warning", "yes");
  log.write("error", "yes");
  assert.equal(lines.length, 2);
  assert.deepEqual([log.isOn("error"), log.isOn("warning"), log.isOn("info")], [true, true, false]);
});

Deno.test("log: writes a trace at any level", () => {
  const { lines, log } = written("text", "error");
  log.trace("in", { packet: "pingreq" });
  assert.match(lines[0]!, /^\d{4}-\d\d-\d\dT\S+Z debug in packet=pingreq\n$/);
});

Deno.test("log: text is one line, quotes ambiguous values, and interprets no pattern in them", () => {
  const { lines, log } = written("text", "info");
  log.write("warning", "a {strange}\nname", { clientId: 'x"y z', port: 1, none: undefined });
  assert.match(lines[0]!, /Z warning a \{strange\}\\nname clientId="x\\"y z" port=1\n$/);
});

Deno.test("log: JSON is one document a line", () => {
  const { lines, log } = written("json", "info");
  log.write("info", "client connected", { clientId: "a\nb", version: 5 });
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.match(time, /^\d{4}-/);
  assert.deepEqual(rest, { level: "info", message: "client connected", clientId: "a\nb", version: 5 });
  assert.equal(lines[0]!.indexOf("\n"), lines[0]!.length - 1);
});
