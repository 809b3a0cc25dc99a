/** Wills and takeover: a new connection with the client id of one that lives. */
import type { ConformanceCase } from "../case/case.ts";
import { hexByte } from "../probe/packet_text.ts";
import type { ConnectAsked, Stage } from "../context/case_context.ts";
import { nothingComes } from "./nothing_comes.ts";

interface Takeover {
  readonly name: string;
  /** Will Delay and Session Expiry of the older connection, Clean Start of the newer. */
  readonly delayS: number;
  readonly expiryS: number;
  readonly clean: boolean;
  readonly due: boolean;
}

/** In 5.0, the fate of the older connection's will. */
const takeovers: readonly Takeover[] = [
  { name: "ends-clean", delayS: 0, expiryS: 0, clean: true, due: true },
  { name: "ends-resumed", delayS: 0, expiryS: 0, clean: false, due: true },
  { name: "lasts-clean", delayS: 0, expiryS: 60, clean: true, due: true },
  { name: "lasts-resumed", delayS: 0, expiryS: 60, clean: false, due: true },
  { name: "delayed-ends-clean", delayS: 60, expiryS: 0, clean: true, due: true },
  { name: "delayed-ends-resumed", delayS: 60, expiryS: 0, clean: false, due: true },
  { name: "delayed-lasts-clean", delayS: 60, expiryS: 60, clean: true, due: true },
  { name: "delayed-lasts-resumed", delayS: 60, expiryS: 60, clean: false, due: false },
];

/** The deviations by which a broker is known to fail it. */
function deviationsOf({ delayS, expiryS, clean }: Takeover): readonly string[] {
  if (delayS > 0 && expiryS === 0) return ["takeover", "takeover-delayed-no-session", "delay-without-session"];
  if (delayS > 0) return clean ? ["takeover", "delayed-back-clean"] : [];
  if (clean) return ["takeover"];
  return expiryS > 0 ? ["takeover", "takeover-resumed", "takeover-persistent"] : ["takeover", "takeover-resumed"];
}

function takeover({ name, delayS, expiryS, clean, due }: Takeover): ConformanceCase {
  const what = `a will delay of ${delayS} s and a session of ${expiryS} s`;
  const how = clean ? "a clean start" : "no clean start";
  return {
    id: `will/takeover-${name}`,
    title: `a takeover with ${how} of ${what} ${due ? "sends the will at once" : "sends no will"}`,
    does: `connects with ${what}, then again with the same id and ${how}, and watches`,
    rules: { "5.0": due ? ["3.1.2-8", "3.1.4-3"] : ["3.1.3-9"] },
    deviations: deviationsOf({ name, delayS, expiryS, clean, due }),
    async run(stage) {
      const clientId = stage.clientId();
      const will = stage.will(delayS > 0 ? { delayIntervalS: delayS } : {});
      const watcher = await stage.watcher();
      const older = await stage.connect({ name: "older", clientId, will, sessionExpiryS: expiryS });
      await stage.connect({ name: "newer", clientId, cleanStart: clean, sessionExpiryS: expiryS });
      await older.expectClose();
      if (due) await watcher.receives(will);
      await watcher.receivesNothing();
    },
  };
}

/** How long a server may lock out a client identifier that is taken over again and again, in milliseconds. */
const lockedOutMs = 2_000;

/**
 * Connects. A server may restrict clients beyond the checks of the standard (section 3.1.4): if it refuses a client
 * identifier so soon after the last takeover, the case tries once more after a pause and adds a note.
 */
async function connectInTime(stage: Stage, asked: ConnectAsked): Promise<void> {
  const probe = stage.dial().send(stage.connectPacket(asked));
  if (!await probe.isRefused()) return void await probe.expect("connack");
  stage.note(`the broker refused ${probe.name} right after a takeover; it reconnected after a pause`);
  await stage.pause(lockedOutMs * stage.bounds.slack);
  await stage.connect(asked);
}

const closed = { "3.1.1": ["3.1.4-2"], "5.0": ["3.1.4-3"] };

export const willTakeoverCases: readonly ConformanceCase[] = [
  {
    id: "will/takeover-clean-session",
    title: "a takeover with Clean Session 1 closes the older connection and sends its will, once",
    does: "connects with a will, then again with the same client id, and watches",
    rules: { "3.1.1": ["3.1.4-2", "3.1.2-8"] },
    deviations: ["takeover"],
    async run(stage) {
      const clientId = stage.clientId();
      const will = stage.will();
      const watcher = await stage.watcher();
      const older = await stage.connect({ name: "older", clientId, will });
      await stage.connect({ name: "newer", clientId });
      await older.expectClose();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/takeover-lasting-session",
    title: "a takeover with Clean Session 0 closes the older connection and sends its will, once",
    does: "connects with a will and Clean Session 0, then again in the same way, and watches",
    rules: { "3.1.1": ["3.1.4-2", "3.1.2-8"] },
    deviations: ["takeover", "takeover-resumed", "takeover-persistent"],
    async run(stage) {
      const asked = { clientId: stage.clientId(), cleanStart: false };
      const will = stage.will();
      const watcher = await stage.watcher();
      const older = await stage.connect({ name: "older", ...asked, will });
      await stage.connect({ name: "newer", ...asked });
      await older.expectClose();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  ...takeovers.map(takeover),
  {
    id: "will/takeover-told",
    title: "a DISCONNECT to the older connection, if any, has reason code 0x8e",
    does: "connects twice with the same client id, and checks the packets of the older connection",
    rules: { "5.0": ["3.1.4-3"] },
    async run(stage) {
      const clientId = stage.clientId();
      const older = await stage.connect({ name: "older", clientId, will: stage.will() });
      await stage.connect({ name: "newer", clientId });
      const { disconnect } = await older.expectClose();
      stage.requires(
        disconnect !== undefined,
        "the broker closes the older connection without DISCONNECT, which the standard permits",
      );
      const { reasonCode = 0 } = disconnect!;
      const fault = { kind: "wrong code", code: reasonCode } as const;
      const told = `the older connection got DISCONNECT with ${hexByte(reasonCode)}, not 0x8e`;
      stage.holds(reasonCode === 0x8e, told, fault);
    },
  },
  {
    id: "will/takeover-newer-lives",
    title: "the newer connection's will is not sent while it is open",
    does: "connects twice with the same client id and a will each on separate topics, and watches the newer's",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
    async run(stage) {
      const clientId = stage.clientId();
      const newer = stage.will({ topic: stage.topic("newer") });
      const watcher = await stage.watcher(newer.topic);
      const older = await stage.connect({ name: "older", clientId, will: stage.will() });
      const living = await stage.connect({ name: "newer", clientId, will: newer });
      await older.expectClose();
      await nothingComes(stage, watcher, { topic: newer.topic });
      await living.ping();
    },
  },
  {
    id: "will/takeover-then-death",
    title: "after a takeover the newer connection's will is sent at its own end",
    does: "connects twice with the same client id and a will each, resets the newer, and watches its topic",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-7", "3.1.2-8"] },
    async run(stage) {
      const clientId = stage.clientId();
      const newer = stage.will({ topic: stage.topic("newer") });
      const watcher = await stage.watcher(newer.topic);
      const older = await stage.connect({ name: "older", clientId, will: stage.will() });
      const living = await stage.connect({ name: "newer", clientId, will: newer });
      await older.expectClose();
      living.reset();
      await watcher.receives(newer);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/takeover-then-leave",
    title: "after a takeover the newer connection's DISCONNECT discards its own will",
    does: "connects twice with the same client id and a will each, disconnects the newer, and watches its topic",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    async run(stage) {
      const clientId = stage.clientId();
      const newer = stage.will({ topic: stage.topic("newer") });
      const watcher = await stage.watcher(newer.topic);
      const older = await stage.connect({ name: "older", clientId, will: stage.will() });
      const living = await stage.connect({ name: "newer", clientId, will: newer });
      await older.expectClose();
      living.disconnect();
      await living.expectClose();
      await nothingComes(stage, watcher, { topic: newer.topic });
    },
  },
  {
    id: "will/takeover-chain",
    title: "each of several takeovers sends the will of the connection that it ends",
    does: "connects four times with the same client id and a will each, and expects the first three wills",
    rules: closed,
    deviations: ["takeover"],
    async run(stage) {
      const clientId = stage.clientId();
      const watcher = await stage.watcher();
      const wills = Array.from({ length: 4 }, () => stage.will());
      for (const will of wills) await connectInTime(stage, { clientId, will });
      for (const will of wills.slice(0, 3)) await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/takeover-other-id",
    title: "a client identifier that differs only in case causes no takeover",
    does: "connects with a will, then another client whose id differs in one letter's case, and watches",
    rules: { "3.1.1": ["3.1.3-2"], "5.0": ["3.1.3-2"] },
    async run(stage) {
      const clientId = stage.clientId();
      const watcher = await stage.watcher();
      const first = await stage.connect({ name: "first", clientId: `${clientId}a`, will: stage.will() });
      await stage.connect({ name: "second", clientId: `${clientId}A` });
      await nothingComes(stage, watcher);
      await first.ping();
    },
  },
];
