/** Wills and takeover: a new connection with the client id of one that lives. */
import type { ConformanceCase } from "../case/case.ts";
import { hexByte } from "../probe/packet_text.ts";
import type { CaseContext, ConnectAsked } from "../context/case_context.ts";
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
    async run(context) {
      const clientId = context.clientId();
      const will = context.will(delayS > 0 ? { delayIntervalS: delayS } : {});
      const watcher = await context.watcher();
      const older = await context.connect({ name: "older", clientId, will, sessionExpiryS: expiryS });
      await context.connect({ name: "newer", clientId, cleanStart: clean, sessionExpiryS: expiryS });
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
async function connectInTime(context: CaseContext, asked: ConnectAsked): Promise<void> {
  const probe = context.dial().send(context.connectPacket(asked));
  if (!await probe.isRefused()) return void await probe.expect("connack");
  context.note(`the broker refused ${probe.name} right after a takeover; it reconnected after a pause`);
  await context.pause(lockedOutMs * context.bounds.slack);
  await context.connect(asked);
}

/** A takeover in which both connections have a will, and a watcher of the newer connection's will. */
async function takenOver(context: CaseContext) {
  const clientId = context.clientId();
  const newer = context.will({ topic: context.topic("newer") });
  const watcher = await context.watcher(newer.topic);
  const older = await context.connect({ name: "older", clientId, will: context.will() });
  const living = await context.connect({ name: "newer", clientId, will: newer });
  await older.expectClose();
  return { newer, watcher, living };
}

const closed = { "3.1.1": ["3.1.4-2"], "5.0": ["3.1.4-3"] };

export const willTakeoverCases: readonly ConformanceCase[] = [
  {
    id: "will/takeover-clean-session",
    title: "a takeover with Clean Session 1 closes the older connection and sends its will, once",
    does: "connects with a will, then again with the same client id, and watches",
    rules: { "3.1.1": ["3.1.4-2", "3.1.2-8"] },
    deviations: ["takeover"],
    async run(context) {
      const clientId = context.clientId();
      const will = context.will();
      const watcher = await context.watcher();
      const older = await context.connect({ name: "older", clientId, will });
      await context.connect({ name: "newer", clientId });
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
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false };
      const will = context.will();
      const watcher = await context.watcher();
      const older = await context.connect({ name: "older", ...asked, will });
      await context.connect({ name: "newer", ...asked });
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
    async run(context) {
      const clientId = context.clientId();
      const older = await context.connect({ name: "older", clientId, will: context.will() });
      await context.connect({ name: "newer", clientId });
      const { disconnect } = await older.expectClose();
      context.requires(
        disconnect !== undefined,
        "the broker closes the older connection without DISCONNECT, which the standard permits",
      );
      const { reasonCode = 0 } = disconnect!;
      const fault = { kind: "wrong code", code: reasonCode } as const;
      const text = `the older connection got DISCONNECT with ${hexByte(reasonCode)}, not 0x8e`;
      context.holds(reasonCode === 0x8e, text, fault);
    },
  },
  {
    id: "will/takeover-newer-lives",
    title: "the newer connection's will is not sent while it is open",
    does: "connects twice with the same client id and a will each on separate topics, and watches the newer's",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
    async run(context) {
      const { newer, watcher, living } = await takenOver(context);
      await nothingComes(context, watcher, { topic: newer.topic });
      await living.ping();
    },
  },
  {
    id: "will/takeover-then-death",
    title: "after a takeover the newer connection's will is sent at its own end",
    does: "connects twice with the same client id and a will each, resets the newer, and watches its topic",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-7", "3.1.2-8"] },
    async run(context) {
      const { newer, watcher, living } = await takenOver(context);
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
    async run(context) {
      const { newer, watcher, living } = await takenOver(context);
      living.disconnect();
      await living.expectClose();
      await nothingComes(context, watcher, { topic: newer.topic });
    },
  },
  {
    id: "will/takeover-chain",
    title: "each of several takeovers sends the will of the connection that it ends",
    does: "connects four times with the same client id and a will each, and expects the first three wills",
    rules: closed,
    deviations: ["takeover"],
    async run(context) {
      const clientId = context.clientId();
      const watcher = await context.watcher();
      const wills = Array.from({ length: 4 }, () => context.will());
      for (const will of wills) await connectInTime(context, { clientId, will });
      for (const will of wills.slice(0, 3)) await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/takeover-other-id",
    title: "a client identifier that differs only in case causes no takeover",
    does: "connects with a will, then another client whose id differs in one letter's case, and watches",
    rules: { "3.1.1": ["3.1.3-2"], "5.0": ["3.1.3-2"] },
    async run(context) {
      const clientId = context.clientId();
      const watcher = await context.watcher();
      const first = await context.connect({ name: "first", clientId: `${clientId}a`, will: context.will() });
      await context.connect({ name: "second", clientId: `${clientId}A` });
      await nothingComes(context, watcher);
      await first.ping();
    },
  },
];
