/** Answers every message with this thread's reading of the monotonic clock; one reading unasked when it is up. */
import { monotonicClock } from "../../src/base/clock.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: number): void;
}

const scope = self as unknown as WorkerScope;
scope.onmessage = () => scope.postMessage(monotonicClock.nowMs());
scope.postMessage(monotonicClock.nowMs());
