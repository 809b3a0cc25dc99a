/** The client of SCRAM by the examples of RFC 5802 and RFC 7677, and what it does not accept of a server. */
import assert from "node:assert/strict";
import type { Step } from "../../src/auth/exchange.ts";
import { ScramExchange, ScramKeys } from "../../src/auth/scram.ts";

const client = { clientId: "c", username: "user", password: new TextEncoder().encode("pencil") };

function dataOf(run: (done: (step: Step) => void) => void): string {
  let text: string | undefined;
  run((step) => text = step.kind === "data" ? new TextDecoder().decode(step.data) : `fault: ${step.sentence}`);
  assert.notEqual(text, undefined, "SCRAM answers at once");
  return text!;
}

const bytes = (text: string) => new TextEncoder().encode(text);

const sha1 = {
  method: "SCRAM-SHA-1",
  nonce: "fyko+d2lbbFgONRv9qkxdawL",
  challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
  final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
  signature: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};
const sha256 = {
  method: "SCRAM-SHA-256",
  nonce: "rOprNGfwEbeRWgbNEkqO",
  challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  signature: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

for (const [source, known] of [["RFC 5802", sha1], ["RFC 7677", sha256]] as const) {
  Deno.test(`SCRAM: the messages of the example in ${source}`, () => {
    const exchange = new ScramExchange(known.method, client, known.nonce, new ScramKeys());
    assert.equal(dataOf((done) => exchange.first(done)), `n,,n=user,r=${known.nonce}`);
    assert.equal(dataOf((done) => exchange.answer(bytes(known.challenge), done)), known.final);
    assert.equal(exchange.finish(bytes(known.signature)), undefined);
  });
}

/** An exchange after the challenge. */
function challenged(challenge = sha256.challenge): { readonly exchange: ScramExchange; readonly answer: string } {
  const exchange = new ScramExchange(sha256.method, client, sha256.nonce, new ScramKeys());
  return { exchange, answer: dataOf((done) => exchange.answer(bytes(challenge), done)) };
}

const challenges: readonly (readonly [name: string, text: string, why: RegExp])[] = [
  ["another nonce", sha256.challenge.replace("r=rOpr", "r=xOpr"), /does not extend the client's nonce/],
  ["the client's nonce alone", `r=${sha256.nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, /does not extend/],
  ["no iterations", sha256.challenge.replace("i=4096", "i=0"), /demands 0 iterations; expected 1 to 1000000/],
  ["too many iterations", sha256.challenge.replace("i=4096", "i=1000001"), /demands 1000001 iterations/],
  ["a mandatory extension", `m=x,${sha256.challenge}`, /is not one of SCRAM/],
  ["a salt that is not base64", sha256.challenge.replace("s=W22Z", "s=W22!"), /a salt that is not base64/],
  ["no text of SCRAM", "hello", /is not one of SCRAM/],
];
for (const [name, text, why] of challenges) {
  Deno.test(`SCRAM: the client refuses a challenge with ${name}`, () => {
    const { answer } = challenged(text);
    assert.match(answer, /^fault: the broker's challenge /);
    assert.match(answer, why);
  });
}

const endings: readonly (readonly [name: string, text: string | undefined, why: RegExp])[] = [
  ["a wrong signature", sha256.signature.replace("v=6", "v=7"), /signature is wrong/],
  ["a shortened signature", "v=6rri", /signature is wrong/],
  ["no signature", undefined, /without its signature/],
  ["an error", "e=invalid-proof", /ended the exchange with the error "invalid-proof"/],
];
for (const [name, text, why] of endings) {
  Deno.test(`SCRAM: the client refuses access with ${name}`, () => {
    const { exchange } = challenged();
    assert.match(exchange.finish(text === undefined ? undefined : bytes(text)) ?? "accepted", why);
  });
}

Deno.test("SCRAM: the client refuses access without a challenge", () => {
  const exchange = new ScramExchange(sha256.method, client, sha256.nonce, new ScramKeys());
  assert.match(exchange.finish(bytes(sha256.signature)) ?? "accepted", /without a challenge/);
});

Deno.test("SCRAM: a signature in an AUTH of its own gets an empty answer, and access needs no second one", () => {
  const { exchange } = challenged();
  assert.equal(dataOf((done) => exchange.answer(bytes(sha256.signature), done)), "");
  assert.equal(exchange.finish(undefined), undefined);
  const other = challenged().exchange;
  assert.match(dataOf((done) => other.answer(bytes("v=AAAA"), done)), /^fault: the broker's signature is wrong/);
  assert.match(other.finish(undefined) ?? "accepted", /without its signature/);
});

Deno.test("SCRAM: commas and equals signs of a name are escaped, and compatibility forms composed", () => {
  const named = { ...client, username: "a,b=c\u00a0\u2168" };
  const exchange = new ScramExchange(sha1.method, named, "n", new ScramKeys());
  assert.equal(dataOf((done) => exchange.first(done)), "n,,n=a=2Cb=3Dc IX,r=n");
});
