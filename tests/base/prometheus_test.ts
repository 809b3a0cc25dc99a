import assert from "node:assert/strict";
import { loadPrometheus, prometheusText, prometheusType } from "../../src/base/prometheus.ts";

Deno.test("prometheus: a family has help, type and a line for each sample", async () => {
  await loadPrometheus();
  const text = await prometheusText([
    { name: "a_total", help: "Things", type: "counter", samples: [{ value: 3 }] },
    { name: "b", help: "Others", type: "gauge", samples: [{ value: 0.5, labels: { kind: "x", le: 1 } }] },
    {
      name: "c",
      help: "Times",
      type: "histogram",
      samples: [{ value: 1, labels: { le: "+Inf" }, metricName: "c_bucket" }, { value: 1, metricName: "c_count" }],
    },
    { name: "d", help: "None yet", type: "gauge", samples: [] },
  ]);
  assert.deepEqual(text.split("\n").filter((line) => line !== ""), [
    ...["# HELP a_total Things", "# TYPE a_total counter", "a_total 3"],
    ...["# HELP b Others", "# TYPE b gauge", 'b{kind="x",le="1"} 0.5'],
    ...["# HELP c Times", "# TYPE c histogram", 'c_bucket{le="+Inf"} 1', "c_count 1"],
    ...["# HELP d None yet", "# TYPE d gauge"],
  ]);
  assert.ok(text.endsWith("\n"));
  assert.equal(prometheusType, "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("prometheus: escapes quotes, backslashes and line ends in labels and help texts", async () => {
  const labels = { name: 'a"b\\c\nd' };
  const text = await prometheusText([{ name: "a", help: "x\ny\\z", type: "gauge", samples: [{ value: 1, labels }] }]);
  assert.ok(text.includes('a{name="a\\"b\\\\c\\nd"} 1\n'), text);
  assert.ok(text.includes("# HELP a x\\ny\\\\z\n"), text);
});
