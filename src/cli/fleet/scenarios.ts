/**
 * The scenarios that mqtt-sim brings along, in the form of any scenario file: print one, change it, run it. Sizes are
 * shares, so that they go with any number of clients.
 */

/** A scenario of ours. */
export interface BuiltInScenario {
  readonly name: string;
  /** One line for help. */
  readonly about: string;
  /** YAML. */
  readonly text: string;
}

/** Every built-in scenario, in the order of help. */
export const builtInScenarios: readonly BuiltInScenario[] = [
  {
    name: "steady",
    about: "5% die each second for 30 s, and come back",
    text: `# What is run without a scenario.
kill-rate: 5%
duration: 30s
`,
  },
  {
    name: "storm",
    about: "all die at one instant: every will at once",
    text: `# All clients die at one instant, and stay dead.
phases:
  - hold: 1s
  - kill: once
    kill-mode: reset,close
    reconnect-after: never
`,
  },
  {
    name: "blackout",
    about: "one site goes dark, stays so for 10 s, and returns",
    text: `# A quarter of the fleet is one site, which loses its power.
groups:
  - name: site
    share: 1
  - name: others
    share: 3
phases:
  - kill: 2%
    for: 5s
  - kill: once
    groups: site
    kill-mode: reset
    reconnect-after: never
  - kill: 2%
    for: 10s
    groups: others
  - return: 2s
    groups: site
  - kill: 2%
    for: 5s
`,
  },
  {
    name: "rolling",
    about: "four groups die and return, one after the other",
    text: `# As when a fleet is updated in waves: each wave dies, is back, and then comes the next.
groups:
  - name: wave-1
  - name: wave-2
  - name: wave-3
  - name: wave-4
phases:
  - kill: once
    groups: wave-1
    reconnect-after: 2s
  - hold: 5s
  - kill: once
    groups: wave-2
    reconnect-after: 2s
  - hold: 5s
  - kill: once
    groups: wave-3
    reconnect-after: 2s
  - hold: 5s
  - kill: once
    groups: wave-4
    reconnect-after: 2s
  - hold: 5s
`,
  },
  {
    name: "flap",
    about: "back within the will delay: no will is due (5.0)",
    text: `# Back within the will delay, the session resumed: the server must not send the will. [MQTT5 3.1.3-9]
# The last death is for good, so that each client owes one will in the end.
protocol: 5
will-delay: 5
session-expiry: 60
kill-mode: reset,close
phases:
  - kill: once
    reconnect-after: 1s
  - hold: 3s
  - kill: once
    reconnect-after: 1s
  - hold: 3s
  - kill: once
    reconnect-after: 1s
  - hold: 6s
  - kill: once
    reconnect-after: never
`,
  },
  {
    name: "reconnect-storm",
    about: "all die at once and come back at once, twice",
    text: `# All come back at one instant, as clients do whose makers did not think of it.
phases:
  - kill: once
    reconnect-after: 2s
  - hold: 10s
  - kill: once
    reconnect-after: 2s
  - hold: 10s
`,
  },
  {
    name: "reconnect-storm-jitter",
    about: "the same, each up to 5 s later, as drawn",
    text: `# The reconnect storm with what cures it.
phases:
  - kill: once
    reconnect-after: 2s
    jitter: 5s
  - hold: 15s
  - kill: once
    reconnect-after: 2s
    jitter: 5s
  - hold: 15s
`,
  },
  {
    name: "freeze",
    about: "half-open peers: only keep alive can tell",
    text:
      `# Half-open peers. The will is due at 1.5 times keep alive after the last packet. [MQTT311 3.1.2-24] [MQTT5 3.1.2-22]
keepalive: 4s
kill-mode: freeze=3,half-packet=1
kill-rate: 3%
duration: 30s
`,
  },
  {
    name: "restart",
    about: "the broker goes down and comes back, wills on its hands",
    text: `# The broker is restarted with clients alive, just killed, and dead with a will whose delay is not over.
# With --url, --restart-command says how. Each will is owed once, before or after. [MQTT311 3.1.2-8] [MQTT5 3.1.2-8]
session-expiry: 300
kill-rate: 5%
groups:
  - name: prompt
  - name: delayed
    protocol: 5
    will-delay: 8
  - name: gone
    protocol: 5
    will-delay: 6
    reconnect-after: never
  - name: clean
    clean-start: yes
phases:
  - kill: 5%
    for: 8s
    kill-mode: reset=4,close=4,leave=2
  - restart: 1s
    jitter: 2s
  - hold: 3s
  - kill: 5%
    for: 5s
    groups: [prompt, delayed, clean]
`,
  },
  {
    name: "takeover",
    about: "taken over: the session resumed or ended, also delayed",
    text:
      `# The old connection's will is due, unless its session is resumed within the will delay. [MQTT311 3.1.4-2] [MQTT5 3.1.4-3]
# Where the takeover ends the session, by Clean Start or a session expiry of 0, a delayed will is due at once. [MQTT5 3.1.2-8]
kill-mode: takeover
kill-rate: 10%
groups:
  - name: clean
    clean-start: yes
  - name: persistent
    session-expiry: 60
  - name: delayed
    protocol: 5
    session-expiry: 60
    will-delay: 2
  - name: delayed-clean
    protocol: 5
    session-expiry: 60
    clean-start: yes
    will-delay: 5
  - name: delayed-no-session
    protocol: 5
    session-expiry: 0
    clean-start: no
    will-delay: 5
`,
  },
  {
    name: "presence",
    about: "online, left and gone, all retained, must be the truth",
    text: `# Clients say that they are online, and that they leave; wills say that they are gone. All of it is retained.
# Some come back before their wills are due, some after it, some are taken over, and some never return.
presence: true
kill-mode: reset=4,close=4,takeover=2,leave=2
phases:
  - kill: 10%
    for: 10s
    reconnect-after: 1s
  - hold: 3s
  - kill: 10%
    for: 5s
    reconnect-after: 3s
  - hold: 5s
  - kill: 10%
    for: 3s
    reconnect-after: never
groups:
  - name: plain
  - name: persistent
    session-expiry: 60
  - name: delayed
    protocol: 5
    session-expiry: 60
    will-delay: 2
`,
  },
];
