/**
 * The scenarios that mqtt-sim brings along, in the form of any scenario file: print one, change it, run it. Sizes are
 * shares, so that they go with any number of clients.
 */

/** A scenario of ours. */
export interface BuiltInScenario {
  readonly name: string;
  /** True where it stops nodes of a cluster: it needs --node, --node-stop and --node-start. */
  readonly ofCluster?: true;
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
    text: `# The default scenario.
kill-rate: 5%
duration: 30s
`,
  },
  {
    name: "storm",
    about: "all clients die at once: every will is due at once",
    text: `# All clients die at once and do not reconnect.
phases:
  - hold: 1s
  - kill: once
    kill-mode: reset,close
    reconnect-after: never
`,
  },
  {
    name: "blackout",
    about: "one site loses power for 10 s, then reconnects",
    text: `# A quarter of the fleet is one site, which loses power.
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
    text: `# A rolling update: each wave dies and reconnects before the next one dies.
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
# Clients do not reconnect after the last kill, so that one will of each client is due.
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
    about: "all clients die at once and reconnect at once, twice",
    text: `# All clients reconnect at once, as clients without random backoff do.
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
    about: "the same, with up to 5 s of random delay each",
    text: `# The reconnect storm with random backoff.
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
    about: "half-open connections: only keep alive detects them",
    text:
      `# Half-open connections. The will is due at 1.5 times keep alive after the last packet. [MQTT311 3.1.2-24] [MQTT5 3.1.2-22]
keepalive: 4s
kill-mode: freeze=3,half-packet=1
kill-rate: 3%
duration: 30s
`,
  },
  {
    name: "restart",
    about: "the broker restarts with wills armed and delayed",
    text: `# The broker restarts while clients are alive, just killed, or dead with a will delay in progress.
# With --url, give --restart-command. Each will is due once, before or after the restart. [MQTT311 3.1.2-8] [MQTT5 3.1.2-8]
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
    name: "node-loss",
    ofCluster: true,
    about: "a node of the cluster dies under load, and comes back",
    text: `# The last --node is stopped while clients are connected to it; they connect to the other nodes.
# Give --node-stop and --node-start. Each will of the node is due once, from the stop until the node is back. [MQTT311 3.1.2-8] [MQTT5 3.1.2-8]
session-expiry: 300
kill-rate: 5%
groups:
  - name: prompt
  - name: delayed
    protocol: 5
    will-delay: 8
  - name: clean
    clean-start: yes
phases:
  - kill: 5%
    for: 5s
  - node-loss: 10s
    for: 10s
    jitter: 2s
`,
  },
  {
    name: "node-rolling",
    ofCluster: true,
    about: "each node of the cluster restarts, one after the other",
    text: `# A rolling restart: a node stops once the node before it is back. Give --node-stop and --node-start.
session-expiry: 300
kill-rate: 5%
phases:
  - kill: 5%
    for: 3s
  - node-loss: 3s
    nodes: each
    for: 5s
    jitter: 1s
`,
  },
  {
    name: "node-drain",
    ofCluster: true,
    about: "the clients of a node move to others, then it stops",
    text:
      `# The clients of the last --node leave it properly, and no will of theirs is due; then the node stops. [MQTT311 3.14.4-3] [MQTT5 3.14.4-3]
# Give --node-stop and --node-start. A client that is still there when the node stops leaves a will.
session-expiry: 300
kill-rate: 5%
phases:
  - kill: 5%
    for: 3s
  - node-loss: 5s
    node-drain: 5s
    for: 5s
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
    about: "retained presence must match the clients' states",
    text: `# Clients publish online and left messages; their wills publish gone. All messages are retained.
# Some clients reconnect before their wills are due, some after, some are taken over, and some never reconnect.
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
  {
    name: "home-assistant",
    about: "availability for Home Assistant: online, offline, retained",
    text:
      `# Devices of Home Assistant: each has a retained availability topic. "online" and "offline" are the defaults of
# payload_available and payload_not_available; ESPHome devices use <device>/status for them.
# With your own names: --client-id 'plug-{client:03}'
presence: true
presence-looks: 5
will-topic: "{id}/status"
birth-payload: online
will-payload: offline
will-qos: 0
kill-mode: reset=4,close=4,leave=2
kill-rate: 5%
duration: 20s
reconnect-after: 2s
`,
  },
  {
    name: "zigbee2mqtt",
    about: "availability as Zigbee2MQTT has it: JSON, retained, QoS 1",
    text: `# Availability topics in the form of Zigbee2MQTT, one for each client: retained JSON at QoS 1.
# Zigbee2MQTT itself publishes them for its devices; its own will is on <base topic>/bridge/state.
# For a fleet of bridges: --will-topic '{id}/bridge/state'
presence: true
presence-looks: 5
will-topic: "zigbee2mqtt/{id}/availability"
birth-payload: '{"state":"online"}'
will-payload: '{"state":"offline"}'
will-qos: 1
kill-mode: reset=4,close=4,leave=2
kill-rate: 5%
duration: 20s
reconnect-after: 2s
`,
  },
];
