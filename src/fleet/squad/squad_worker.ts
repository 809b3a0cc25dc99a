/**
 * The thread of one squad: takes a task, returns its findings. Every message between threads is plain data.
 */
/// <reference lib="deno.worker" />
import { engines } from "../../net/engine.ts";
import { SquadRun } from "./run_squad.ts";
import type { FromSquad, ToSquad } from "./squad_messages.ts";
let run: SquadRun | undefined;

function post(message: FromSquad): void {
  self.postMessage(message);
}

self.onmessage = ({ data }: MessageEvent<ToSquad>) => {
  switch (data.type) {
    case "start":
      // The runtime makes two errors for each reset of its own sockets, and the recording of their stacks takes a fifth
      // of the thread's time. No message of this thread has a stack.
      if (data.task.engine !== "epoll") Error.stackTraceLimit = 0;
      run = new SquadRun(data.task, {
        onReady: () => post({ type: "ready" }),
        onRestart: (restart) => post({ type: "atRestart", restart }),
        onProgress: (progress) => post({ type: "progress", progress }),
        onLives: (rows) => post({ type: "lives", rows }),
        onFaults: (batch) => post({ type: "faults", batch }),
        onRecord: (lines) => post({ type: "record", lines }),
      });
      run.result.finally(() => engines[data.task.engine ?? "deno"].abandon()).then(
        (result) => post({ type: "done", result }),
        (error: unknown) => post({ type: "failed", message: error instanceof Error ? error.message : String(error) }),
      );
      return;
    case "go":
      return run?.go(data.killMs);
    case "written":
      return run?.written(data.length);
    case "serves":
      return run?.brokerServes();
    case "giveUp":
      return run?.giveUp(data.sentence);
    case "interrupt":
      return run?.interrupt();
  }
};
