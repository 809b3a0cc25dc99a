import assert from "node:assert/strict";
import { loadPrometheus, prometheusText, prometheusType } from "../../src/base/prometheus.ts";

Deno.test("prometheus: a family has help, type and a line for each sample", async () => {
  await loadPrometheus();
  const text = await prometheusText([
    { name: "a_total", help: "Things", type: "counter", samples: [{ value: 3 }] },
    { name: "b", help: "Others", type: "gauge", samples: [{ value: 0.5, labels: { kind: "x", of: "1" } }] },
    {
      name: "c",
      help: "Times",
      type: "histogram",
      endsS: [0.1, 1],
      samples: [{ labels: { mode: "m" }, counts: [1, 2, 3], sumS: 4.5 }],
    },
    { name: "d", help: "None yet", type: "gauge", samples: [] },
  ]);
  assert.deepEqual(text.split("\n").filter((line) => line !== ""), [
    ...["# HELP a_total Things", "# TYPE a_total counter", "a_total 3"],
    ...["# HELP b Others", "# TYPE b gauge", 'b{kind="x",of="1"} 0.5'],
    ...["# HELP c Times", "# TYPE c histogram"],
    ...['c_bucket{mode="m",le="0.1"} 1', 'c_bucket{mode="m",le="1"} 3', 'c_bucket{mode="m",le="+Inf"} 6'],
    ...['c_sum{mode="m"} 4.5', 'c_count{mode="m"} 6'],
    ...["# HELP d None yet", "# TYPE d gauge"],
  ]);
  assert.ok(text.endsWith("\n"));
  assert.equal(prometheusType, "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("prometheus: every value has the common labels", async () => {
  const text = await prometheusText([
    { name: "a", help: "A", type: "gauge", samples: [{ value: 1 }, { value: 2, labels: { kind: "x" } }] },
    { name: "c", help: "Times", type: "histogram", endsS: [1], samples: [{ counts: [1, 0], sumS: 1 }] },
  ], { run: "r1" });
  const values = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(values.length, 6);
  for (const line of values) assert.match(line, /run="r1"/);
});

Deno.test("prometheus: escapes quotes, backslashes and line ends in labels and help texts", async () => {
  const labels = { name: 'a"b\\c\nd' };
  const text = await prometheusText([{ name: "a", help: "x\ny\\z", type: "gauge", samples: [{ value: 1, labels }] }]);
  assert.ok(text.includes('a{name="a\\"b\\\\c\\nd"} 1\n'), text);
  assert.ok(text.includes("# HELP a x\\ny\\\\z\n"), text);
});
