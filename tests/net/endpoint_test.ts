/** Broker URLs: the parsed parts, and one sentence for each invalid URL. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { type Endpoint, isLoopback, parseEndpoint, withMaskedUrls, withoutSecrets } from "../../src/net/endpoint.ts";

const tcp = { transport: "tcp", path: "" } as const;
const read: readonly [text: string, endpoint: Endpoint][] = [
  ["mqtt://localhost", { ...tcp, url: "mqtt://localhost:1883", host: "localhost", port: 1883 }],
  ["mqtt://127.0.0.1:1884", { ...tcp, url: "mqtt://127.0.0.1:1884", host: "127.0.0.1", port: 1884 }],
  ["tcp://broker.example:1883/", { ...tcp, url: "mqtt://broker.example:1883", host: "broker.example", port: 1883 }],
  ["mqtt://[::1]", { ...tcp, url: "mqtt://[::1]:1883", host: "::1", port: 1883 }],
  ["mqtt://[2001:db8::1]:99", { ...tcp, url: "mqtt://[2001:db8::1]:99", host: "2001:db8::1", port: 99 }],
  ["mqtt://u@h", { ...tcp, url: "mqtt://h:1883", host: "h", port: 1883, username: "u" }],
  ["mqtt://u:p@h:2", { ...tcp, url: "mqtt://h:2", host: "h", port: 2, username: "u", password: "p" }],
  ["mqtt://:p@h", { ...tcp, url: "mqtt://h:1883", host: "h", port: 1883, password: "p" }],
  ["localhost", { ...tcp, url: "mqtt://localhost:1883", host: "localhost", port: 1883 }],
  ["broker-1.example:1884", { ...tcp, url: "mqtt://broker-1.example:1884", host: "broker-1.example", port: 1884 }],
  ["10.0.0.9:1885", { ...tcp, url: "mqtt://10.0.0.9:1885", host: "10.0.0.9", port: 1885 }],
  ["[::1]:1886", { ...tcp, url: "mqtt://[::1]:1886", host: "::1", port: 1886 }],
  ["mqtts://h", { url: "mqtts://h:8883", transport: "tls", host: "h", port: 8883, path: "" }],
  ["unix:///run/a b.sock", {
    url: "unix:///run/a b.sock",
    transport: "unix",
    host: "localhost",
    port: 0,
    path: "",
    socketPath: "/run/a b.sock",
  }],
  ["ws://h:80/", { url: "ws://h:80/", transport: "ws", host: "h", port: 80, path: "/" }],
  ["ws://h:80/?a", { url: "ws://h:80/?…", transport: "ws", host: "h", port: 80, path: "/?a" }],
  ["ws://h:80", { url: "ws://h:80/mqtt", transport: "ws", host: "h", port: 80, path: "/mqtt" }],
  ["wss://u:p@h/x?y", {
    url: "wss://h:443/x?…",
    transport: "wss",
    host: "h",
    port: 443,
    path: "/x?y",
    username: "u",
    password: "p",
  }],
  ["mqtt://a%40b:c%2Fd%25@h", {
    ...tcp,
    url: "mqtt://h:1883",
    host: "h",
    port: 1883,
    username: "a@b",
    password: "c/d%",
  }],
];
for (const [text, endpoint] of read) {
  Deno.test(`endpoint: parses ${text}`, () => assert.deepEqual(parseEndpoint(text), endpoint));
}

const allowed =
  "expected mqtt://host:port, such as mqtt://127.0.0.1:1883, or mqtts://, ws:// or wss://, or unix:///path";
const refused: readonly [text: string, sentence: string][] = [
  ["", `Cannot read broker url "": ${allowed}`],
  ["unix:", 'Cannot read broker url "unix:": expected the whole path of a socket, such as unix:///run/mqtt.sock'],
  [
    "unix:a/b",
    'Cannot read broker url "unix:a/b": expected the whole path of a socket, such as unix:///run/mqtt.sock',
  ],
  [
    "unix:///run/",
    'Cannot read broker url "unix:///run/": expected the whole path of a socket, such as unix:///run/mqtt.sock',
  ],
  [
    `unix:///${"é".repeat(54)}`,
    `Cannot read broker url "unix:///${"é".repeat(54)}": its path has 109 bytes; expected a path of at most 107 bytes`,
  ],
  ["1883", `Cannot read broker url "1883": ${allowed}`],
  ["local host", `Cannot read broker url "local host": ${allowed}`],
  ["mqtt://h:65536", 'Cannot read broker url "mqtt://h:65536": port 65536; expected 1 to 65,535'],
  ["h:99999", 'Cannot read broker url "h:99999": port 99999; expected 1 to 65,535'],
  ["ws://u:99999@h:70000/x", 'Cannot read broker url "ws://u:…@h:70000/x": port 70000; expected 1 to 65,535'],
  ["mqtt://[::1]:70000", 'Cannot read broker url "mqtt://[::1]:70000": port 70000; expected 1 to 65,535'],
  ["mqtt://h:x", `Cannot read broker url "mqtt://h:x": ${allowed}`],
  ["http://h", `Cannot use broker url "http://h": transport "http:" is not supported; ${allowed}`],
  ["ftp://u:geheim@h", `Cannot use broker url "ftp://u:…@h": transport "ftp:" is not supported; ${allowed}`],
  ["mqtts://h/x", `Cannot read broker url "mqtts://h/x": nothing may follow the port; ${allowed}`],
  ["ws://h/x#y", `Cannot read broker url "ws://h/x#y": nothing may follow the port; ${allowed}`],
  ["mqtt:", `Cannot read broker url "mqtt:": no host; ${allowed}`],
  ["mqtt:///x", `Cannot read broker url "mqtt:///x": no host; ${allowed}`],
  ["mqtt://h/x", `Cannot read broker url "mqtt://h/x": nothing may follow the port; ${allowed}`],
  ["mqtt://h?x", `Cannot read broker url "mqtt://h?…": nothing may follow the port; ${allowed}`],
  ["mqtt://h#x", `Cannot read broker url "mqtt://h#x": nothing may follow the port; ${allowed}`],
  ["mqtt://u:100%@h", `Cannot read broker url "mqtt://u:…@h": write % in user or password as %25; ${allowed}`],
  ["mqtt://u%zz@h", `Cannot read broker url "mqtt://u%zz@h": write % in user or password as %25; ${allowed}`],
];
for (const [text, message] of refused) {
  Deno.test(`endpoint: refuses ${text}`, () => {
    assert.throws(() => parseEndpoint(text), new UsageError(message));
  });
}

const shown: readonly [text: string, shown: string][] = [
  ["mqtt://h", "mqtt://h"],
  ["mqtt://u@h", "mqtt://u@h"],
  ["mqtt://u:secret@h:1", "mqtt://u:…@h:1"],
  ["mqtt://u:se@cret@h", "mqtt://u:…@h"],
  ["mqtt://u:se/cret@h", "mqtt://u:…@h"],
  ["mqtt://:secret@h", "mqtt://:…@h"],
  ["wss://h/x?token=secret", "wss://h/x?…"],
  ["wss://u:secret@h/x?token=secret", "wss://u:…@h/x?…"],
  ["wss://h/x?token=secret?secret", "wss://h/x?…"],
  ["mqtt://u:sec?ret@h", "mqtt://u:…"],
  ["wss://h:443/x?mail=a@b&token=secret", "wss://h:…"],
];
for (const [text, expected] of shown) {
  Deno.test(`endpoint: the shown form has no password and no query: ${text}`, () =>
    assert.equal(withoutSecrets(text), expected));
}

const texts: readonly [text: string, expected: string][] = [
  ["cannot reach wss://h:1/x?a=b: refused", "cannot reach wss://h:1/x?…: refused"],
  ["fleet --url 'wss://h/x?a=b' --username a@b", "fleet --url 'wss://h/x?…' --username a@b"],
  ['Cannot use "ws://u:p@h/x?a=b", which is slow', 'Cannot use "ws://u:…@h/x?…", which is slow'],
  ["mqtt://h:1883, ws://h/x?a='b'&c=d", "mqtt://h:1883, ws://h/x?…"],
  [
    "fleet --url mqtt://h:1883 --username a@b --will-topic a?b",
    "fleet --url mqtt://h:1883 --username a@b --will-topic a?b",
  ],
  ["did you mean --url?", "did you mean --url?"],
];
for (const [text, expected] of texts) {
  Deno.test(`endpoint: masks a url in a text: ${text}`, () => assert.equal(withMaskedUrls(text), expected));
}

Deno.test("endpoint: recognises loopback by address or its usual name", () => {
  for (const host of ["localhost", "127.0.0.1", "127.8.9.1", "::1"]) assert.equal(isLoopback(host), true, host);
  for (const host of ["10.0.0.1", "128.0.0.1", "localhost.example", "::2", "127.0.0.1.example"]) {
    assert.equal(isLoopback(host), false, host);
  }
});
