/**
 * The thread of one squad: takes a task, returns its findings. Every message between threads is plain data.
 */
/// <reference lib="deno.worker" />
import { engines } from "../../net/engine.ts";
import { SquadRun } from "./run_squad.ts";
import type { FromSquad, ToSquad } from "./squad_messages.ts";
let run: SquadRun | undefined;

function tell(message: FromSquad): void {
  self.postMessage(message);
}

self.onmessage = ({ data }: MessageEvent<ToSquad>) => {
  switch (data.type) {
    case "start":
      run = new SquadRun(data.task, {
        onReady: () => tell({ type: "ready" }),
        onRestart: (restart) => tell({ type: "atRestart", restart }),
        onProgress: (progress) => tell({ type: "progress", progress }),
        onLives: (rows) => tell({ type: "lives", rows }),
        onFaults: (batch) => tell({ type: "faults", batch }),
        onRecord: (lines) => tell({ type: "record", lines }),
      });
      run.result.finally(() => engines[data.task.engine ?? "deno"].abandon()).then(
        (result) => tell({ type: "done", result }),
        (error: unknown) => tell({ type: "failed", message: error instanceof Error ? error.message : String(error) }),
      );
      return;
    case "go":
      return run?.go();
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
