import assert from "node:assert/strict";
import { fileText, profileRows } from "./profile.ts";

const node = (id: number, functionName: string, url: string) => ({ id, callFrame: { functionName, url } });

Deno.test("profile: counts samples within the spans, without idle time", () => {
  const profile = {
    nodes: [
      node(1, "match", "file:///home/me/mqtt-sim/src/broker/tree.ts"),
      node(2, "(idle)", ""),
      node(3, "", "ext:a.js"),
    ],
    startTime: 5_000_000,
    samples: [1, 1, 2, 3, 1],
    timeDeltas: [1_000, 1_000, 1_000, 1_000, 1_000],
  };
  // The bench's clock is 4,990 ms behind: its samples are at 11, 12, 13, 14 and 15 ms.
  assert.deepEqual(profileRows([profile], [{ fromMs: 11.5, toMs: 14.5 }], 4_990), {
    rows: [
      { file: "src/broker/tree.ts", name: "match", share: 0.5 },
      { file: "ext:a.js", name: "(anonymous)", share: 0.5 },
    ],
    ms: 2,
  });
  assert.equal(profileRows([profile, profile], [], 4_990).ms, 8, "no span: all of it, of all threads");
});

Deno.test("profile: shortens the names of files", () => {
  const files = {
    "file:///x/mqtt-sim/src/broker/core/core.ts": "src/broker/core/core.ts",
    "file:///c/npm/registry.example/mqtt-packet/9.0.2/parser.js": "mqtt-packet: parser.js",
    "file:///c/npm/registry.example/@a/b/1.0.0/src/c.js": "@a/b: src/c.js",
    "ext:deno_node/internal/buffer.mjs": "ext:deno_node/internal/buffer.mjs",
    "": "V8",
  };
  for (const [url, text] of Object.entries(files)) assert.equal(fileText(url), text);
});
