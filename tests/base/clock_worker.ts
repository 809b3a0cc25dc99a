/** Sends one reading of the monotonic clock at the start, then one for each message. */
import { monotonicClock } from "../../src/base/clock.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: number): void;
}

const scope = self as unknown as WorkerScope;
scope.onmessage = () => scope.postMessage(monotonicClock.nowMs());
scope.postMessage(monotonicClock.nowMs());
