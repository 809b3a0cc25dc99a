import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { main, printError } from "../../src/cli/main.ts";
import { captured } from "./captured.ts";
import { eachCase } from "../support/steps.ts";

const bad: readonly [args: string, sentence: string][] = [
  [
    "flet",
    'Cannot read command "flet": expected a command, fleet, capacity, part, check, broker or report; did you mean fleet?',
  ],
  ["fleet -x", 'Cannot read flag "-x": fleet has none of that name; see mqtt-sim fleet --help'],
  [
    "-v",
    'Cannot read flag "-v": expected a command, fleet, capacity, part, check, broker or report; see mqtt-sim --help',
  ],
  [
    "hepl",
    'Cannot read command "hepl": expected a command, fleet, capacity, part, check, broker or report; did you mean help?',
  ],
  [
    "help fleet kils",
    'Cannot show help on "fleet kils": expected fleet all, scenario, target, tls, fleet, parts, kills, wills, sparkplug, ' +
    "watching, judging, restart, output, reports, scenarios, thresholds, kill-modes, exit-codes or variables; did you mean kills?",
  ],
  [
    "xyz",
    'Cannot read command "xyz": expected a command, fleet, capacity, part, check, broker or report; see mqtt-sim --help',
  ],
  [
    "--kill-rate 5%",
    'Cannot read flag "--kill-rate": expected a command, fleet, capacity, part, check, broker or report; see mqtt-sim --help',
  ],
  ["fleet --kil-rate 5%", 'Cannot read flag "--kil-rate": fleet has none of that name; did you mean --kill-rate?'],
  ["fleet --bogus=1", 'Cannot read flag "--bogus": fleet has none of that name; see mqtt-sim fleet --help'],
  ["broker --prot 1", 'Cannot read flag "--prot": broker has none of that name; did you mean --port?'],
  ["fleet now", 'Cannot read argument "now": expected flags; see mqtt-sim fleet --help'],
  ["fleet --kill-rate", "Cannot read --kill-rate: expected a value after it"],
  ["fleet --seed 1 --seed 2", "Cannot take --seed twice: expected it once"],
  ["fleet --quiet=3", 'Cannot read --quiet="3": expected --quiet without a value'],
  [
    "fleet scenario",
    "Cannot write a scenario without its name: expected steady, storm, blackout, rolling, flap, reconnect-storm, " +
    "reconnect-storm-jitter, freeze, restart, node-loss, node-rolling, " +
    "node-drain, takeover, presence, home-assistant or zigbee2mqtt",
  ],
  [
    "fleet scenario none",
    'Cannot read scenario "none": expected steady, storm, blackout, rolling, flap, reconnect-storm, ' +
    "reconnect-storm-jitter, freeze, restart, node-loss, node-rolling, " +
    "node-drain, takeover, presence, home-assistant or zigbee2mqtt",
  ],
  [
    "report --late-after 2s",
    "Cannot write a report without its file: expected a file that mqtt-sim fleet --report or --record wrote",
  ],
  [
    "check --username u",
    "Cannot use --username with the embedded broker, which has its own login: expected a --url",
  ],
  [
    "check --denied-topic a",
    "Cannot use --denied-topic with the embedded broker, which has its own login: expected a --url",
  ],
  [
    "check --url mqtt://127.0.0.1:1 --denied-topic a/#",
    'Cannot use --denied-topic "a/#": expected a topic name: at least one character, no + # and NUL',
  ],
  [
    "fleet --url mqtts://127.0.0.1:1 --tls-ca none.pem",
    "Cannot read authorities file none.pem: there is no such file; expected a PEM file",
  ],
  [
    "fleet --url mqtts://127.0.0.1:1 --engine epoll",
    "Cannot use --engine epoll with mqtts://127.0.0.1:1: TLS uses the sockets of the runtime; expected auto or deno",
  ],
  [
    "fleet --kill-rate 5x",
    'Cannot read kill rate "5x": expected a fraction such as 5%, or kills a second such as 50/s',
  ],
  ["fleet --clients 0", "Cannot use --clients 0: expected 1 to 10,000,000"],
  ["fleet --clients many", 'Cannot read --clients "many": expected a whole number, 1 to 10,000,000'],
  ["fleet --seed -1", 'Cannot read --seed "-1": expected a whole number, 0 to 4,294,967,295'],
  [
    "fleet --kill-mode rst",
    'Cannot read kill mode "rst": expected "rst" to be one of reset, close, freeze, half-packet, garbage, ' +
    "second-connect, takeover, disconnect-with-will, disconnect-error, slow-loris, stall, vanish, kicked, refused-login, leave, or the whole to be all; did you mean reset?",
  ],
  [
    "fleet --profile mosquito",
    'Cannot read --profile "mosquito": expected strict, mosquitto, mosquitto-2.1, emqx, hivemq, vernemq, nanomq, ' +
    "flashmq, rabbitmq, ejabberd, aedes, aedes-2, moquette, mochi, nats, rumqttd, aws-iot-core, azure-event-grid or hivemq-cloud; did you mean mosquitto?",
  ],
  [
    "broker --log-level warn",
    'Cannot read --log-level "warn": expected error, warning, info or debug; did you mean warning?',
  ],
  [
    "broker --fault loose=5%",
    'Cannot read --fault "loose=5%": expected shares such as lose=1%,delay=0.5%:1500ms, of lose, duplicate, delay, ' +
    "alter, stall, hurry or invent; did you mean lose?",
  ],
  [
    "check --only will/takeovr",
    'Cannot use --only "will/takeovr": expected the id of a case, the beginning of one, or an area (will, connect, ' +
    "keep-alive, session, publish, retained, subscribe, shared, properties, limits, disconnect, sparkplug); did you mean will/takeover?",
  ],
  [
    "check --rule 3.1.2-221",
    'Cannot use --rule "3.1.2-221": no case tests it; expected a number such as 3.1.2-22, or 5.0:3.1.2-22; did you ' +
    "mean 3.1.2-21?",
  ],
  ["fleet --url localhost:99999", 'Cannot read broker url "localhost:99999": port 99999; expected 1 to 65,535'],
  [
    "fleet --tls-ca none.pem",
    "Cannot use --tls-ca with the embedded broker, which does not use TLS: expected a --url with mqtts:// or wss://",
  ],
  ["report compare a=x a=y", 'Cannot call two runs "a": expected a name for each, such as one=run.json'],
  [
    "fleet --duration 30x",
    'Cannot read --duration "30x": expected a duration such as 250ms, 1.5s, 1m30s or 30 (seconds)',
  ],
  ["fleet --keepalive 1.5s", 'Cannot read --keepalive "1.5s": expected whole seconds such as 10s, 2m or 10'],
  ["fleet --will-qos 3", 'Cannot read --will-qos "3": expected 0, 1, 2 or mix'],
  ["fleet --kill-mode reset=x", 'Cannot read kill mode "reset=x": expected shares such as reset=50,close=50'],
  [
    "fleet --will-topic a/#",
    'Cannot use --will-topic "a/#": expected a topic name: at least one character, no + # and NUL',
  ],
  [
    "fleet --url http://localhost",
    'Cannot use broker url "http://localhost": transport "http:" is not supported; ' +
    "expected mqtt://host:port, such as mqtt://127.0.0.1:1883, or mqtts://, ws:// or wss://, or unix:///path",
  ],
  [
    "fleet --report no/such/folder/run.json",
    'Cannot write report "no/such/folder/run.json": there is no folder "no/such/folder"; expected an existing folder',
  ],
  ["fleet --report src", 'Cannot write report "src": it is a folder; expected a file'],
  ["fleet --password-file no-such-file", 'Cannot read --password-file "no-such-file": there is no such file'],
  [
    "fleet --password a --password-file b",
    "Cannot take both --password and --password-file: expected one of them",
  ],
  ["check --slack 0.5", 'Cannot use --slack "0.5": expected a factor from 1 to 100, such as 2'],
  [
    "check --restart-command x",
    'Cannot use --restart-command "x" with the embedded broker, which needs no command: expected a --url',
  ],
  ["check --parallel 0", "Cannot use --parallel 0: expected 1 to 1,000"],
  [
    "check --rule 9.9",
    'Cannot use --rule "9.9": no case tests it; expected a number such as 3.1.2-22, or 5.0:3.1.2-22',
  ],
  ["check --only will --rule 5.0:3.2.2-22 --quick", "Cannot run a check without cases: the flags select none"],
  ["broker --port 65536", "Cannot use --port 65536: expected 0 to 65,535"],
  ["completion", "Cannot write a completion without its shell: expected bash, fish, nu, pwsh or zsh"],
  ["completion klingon", 'Cannot write a completion for shell "klingon": expected bash, fish, nu, pwsh or zsh'],
];

for (const [args, expected] of bad) {
  Deno.test(`bad input: mqtt-sim ${args}`, async () => {
    const output = captured();
    const exitCode = await main(args === "" ? [] : args.split(" "), output);
    const [sentence, ...more] = output.written.err.split("\n");
    assert.equal(sentence, expected);
    assert.deepEqual(more, [""], "one line, no stack");
    assert.deepEqual({ exitCode, out: output.written.out }, { exitCode: 2, out: "" });
  });
}

Deno.test("main: no message shows a url's password, whatever is wrong with the url", async (t) => {
  await eachCase(t, ["mqttz://u:s3cret@h", "mqtt://u:s3cret@h/path", "mqtt://u:s3cret@h:99999"], async (url) => {
    const output = captured();
    assert.equal(await main(["fleet", "--url", url], output), 2);
    assert.ok(!output.written.err.includes("s3cret"), output.written.err);
  });
});

Deno.test("main: refuses a port in use", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const output = captured();
  assert.equal(await main(["broker", "--port", String(listener.addr.port)], output), 2);
  listener.close();
  assert.match(output.written.err, /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use; .+\n$/);
});

Deno.test("main: without a broker a run and a check are void, with the same sentence", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const output = captured();
  assert.equal(await main(["fleet", "--url", `mqtt://127.0.0.1:${port}`], output), 3);
  assert.ok(output.written.out.includes(`VOID  cannot reach mqtt://127.0.0.1:${port}: `), output.written.out);
  const check = captured();
  assert.equal(await main(["check", "--url", `127.0.0.1:${port}`, "--only", "will/close"], check), 3);
  const sentence = `VOID  cannot reach mqtt://127.0.0.1:${port}: connection refused: nothing listens there\n`;
  assert.ok(check.written.out.endsWith(sentence), check.written.out);
});

Deno.test("main: prints its version and the completion", async (t) => {
  const output = captured();
  assert.equal(await main(["--version"], output), 0);
  assert.match(output.written.out, /^mqtt-sim \d+\.\d+\.\d+\n$/);
  await eachCase(t, ["-V", "version"], async (word) => {
    const same = captured();
    assert.equal(await main([word], same), 0);
    assert.equal(same.written.out, output.written.out);
  });
  await eachCase(t, ["bash", "zsh", "fish", "nu", "pwsh"], async (shell) => {
    const script = captured();
    assert.equal(await main(["completion", shell], script), 0);
    assert.ok(script.written.out.includes("mqtt-sim"));
  });
});

Deno.test("main: a usage error is one sentence, an internal error has all details", () => {
  const output = captured();
  assert.equal(printError(new UsageError("Cannot do that"), output), 2);
  assert.equal(output.written.err, "Cannot do that\n");
  const fault = captured();
  assert.equal(printError(new TypeError("of ours"), fault), 70);
  assert.match(fault.written.err, /^mqtt-sim \S+ failed because of an internal error:\nTypeError: of ours\n +at /);
});
