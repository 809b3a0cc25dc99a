/** Some thousand packets; `deno task fuzz` sends a million. */
import { testedEngines } from "../net/loopback.ts";
import { fuzzCodec } from "./fuzz_codec.ts";
import { FuzzedBroker } from "./fuzz_broker.ts";
import { fuzzSockets } from "./fuzz_sockets.ts";

Deno.test("fuzz: codec and packet stream decode or refuse 5,000 mutated packets", () => {
  for (let seed = 0; seed < 5; seed++) fuzzCodec(seed, 1_000);
});

Deno.test("fuzz: a broker core serves an honest pair among fuzzing clients in 15 rounds", () => {
  const broker = new FuzzedBroker();
  for (let seed = 0; seed < 15; seed++) broker.round(seed, 20);
});

for (const { name } of testedEngines) {
  Deno.test(`fuzz: a broker on sockets publishes an honest will among 60 fuzzing streams, engine ${name}`, async () => {
    await fuzzSockets(1, 60, name);
  });
}
