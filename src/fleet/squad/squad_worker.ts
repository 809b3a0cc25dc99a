/**
 * The thread of one squad: takes a task, returns its findings. Every message between threads is plain data.
 */
/// <reference lib="deno.worker" />
import { engines } from "../../net/engine.ts";
import { loadSparkplug } from "../../mqtt/sparkplug/payload.ts";
import type { SquadTask } from "../result/squad_task.ts";
import { SquadRun } from "./run_squad.ts";
import type { FromSquad, ToSquad } from "./squad_messages.ts";
let run: SquadRun | undefined;

function post(message: FromSquad): void {
  self.postMessage(message);
}

/** Messages that arrive before the squad exists. */
const early: ToSquad[] = [];

self.onmessage = ({ data }: MessageEvent<ToSquad>) => {
  if (data.type === "start") void start(data.task);
  else if (run === undefined) early.push(data);
  else pass(run, data);
};

async function start(task: SquadTask): Promise<void> {
  // The runtime makes two errors for each reset of its own sockets, and the recording of their stacks takes a fifth
  // of the thread's time. No message of this thread has a stack.
  if (task.engine !== "epoll") Error.stackTraceLimit = 0;
  try {
    if (task.plan.sparkplug) await loadSparkplug();
    run = new SquadRun(task, {
      onReady: () => post({ type: "ready" }),
      onStep: (step) => post({ type: "atStep", step }),
      onProgress: (progress) => post({ type: "progress", progress }),
      onLives: (rows) => post({ type: "lives", rows }),
      onFaults: (batch) => post({ type: "faults", batch }),
      onKick: (clientId) => post({ type: "kick", clientId }),
      onRecord: (lines) => post({ type: "record", lines }),
    });
    for (const message of early.splice(0)) pass(run, message);
    post({ type: "done", result: await run.result.finally(() => engines[task.engine ?? "deno"].abandon()) });
  } catch (error) {
    post({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

function pass(run: SquadRun, data: ToSquad): void {
  switch (data.type) {
    case "go":
      return run.go(data.killMs);
    case "written":
      return run.written(data.length);
    case "stepDone":
      return run.stepDone();
    case "giveUp":
      return run.giveUp(data.sentence);
    case "interrupt":
      return run.interrupt();
  }
}
