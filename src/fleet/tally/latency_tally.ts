/** Latencies by kill mode, and of all modes: histograms, so that the tallies of all squads merge into one. */
import { Histogram } from "../../base/histogram.ts";
import type { LatencyRow, TallyMode } from "../result/will_counts.ts";

/** The latencies of one group or cell: from the scheduled instant of the kill, and from the completed kill. */
export class BothLatencies {
  readonly scheduled = new Histogram();
  /** Undefined once a part without it was merged: a report of an earlier version. */
  #broker: Histogram | undefined = new Histogram();

  record(latencyMs: number, brokerMs: number): void {
    this.scheduled.record(latencyMs);
    this.#broker?.record(brokerMs);
  }

  /** Both, encoded. */
  data(): { readonly hdr: string; readonly brokerHdr?: string } {
    return { hdr: this.scheduled.encode(), ...this.#broker && { brokerHdr: this.#broker.encode() } };
  }

  /** Adds those of another part. */
  merge({ hdr, brokerHdr }: { readonly hdr: string; readonly brokerHdr?: string }): void {
    this.scheduled.addEncoded(hdr);
    if (brokerHdr === undefined) this.#broker = undefined;
    else this.#broker?.addEncoded(brokerHdr);
  }

  /** Both as rows. */
  rows(): { readonly latencyMs: LatencyRow; readonly brokerLatencyMs?: LatencyRow } {
    return { latencyMs: this.scheduled.row(), ...this.#broker && { brokerLatencyMs: this.#broker.row() } };
  }
}

export class LatencyTally {
  /** The latencies of every mode. */
  readonly all = new Histogram();
  readonly #byMode = new Map<TallyMode, Histogram>();

  record(mode: TallyMode, latencyMs: number): void {
    let histogram = this.#byMode.get(mode);
    if (histogram === undefined) this.#byMode.set(mode, histogram = new Histogram());
    histogram.record(latencyMs);
    this.all.record(latencyMs);
  }

  /** The latencies of one mode; empty where there are none. */
  of(mode: TallyMode): Histogram {
    return this.#byMode.get(mode) ?? new Histogram();
  }

  /** Each mode's histogram, encoded. */
  data(): Record<string, string> {
    return Object.fromEntries([...this.#byMode].map(([mode, histogram]) => [mode, histogram.encode()]));
  }

  /** Adds the latencies of another squad. */
  merge(data: Readonly<Record<string, string>>): void {
    for (const [name, encoded] of Object.entries(data)) {
      const mode = name as TallyMode;
      let own = this.#byMode.get(mode);
      if (own === undefined) this.#byMode.set(mode, own = new Histogram());
      own.addEncoded(encoded);
      this.all.addEncoded(encoded);
    }
  }
}
