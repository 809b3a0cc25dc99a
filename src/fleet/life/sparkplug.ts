/**
 * The death certificate of a Sparkplug edge node: the payload of its will, which the specification limits to one metric,
 * bdSeq. So a topic and a bdSeq identify a life, and no other mark of a run is in the payload.
 */
import { dataType, encodePayload, type Metric, type Payload } from "../../mqtt/sparkplug/payload.ts";

/** The values of bdSeq and of sequence numbers: 0 to 255, then 0 again. */
export const sequenceLength = 256;

const bdSeqName = "bdSeq";

/** The bdSeq of a life: 0 for the first CONNECT, and one more for each. [tck-id-topics-nbirth-bdseq-increment] */
export function bdSeqOf(incarnation: number): number {
  return (incarnation - 1) % sequenceLength;
}

/** The metric that relates NDEATH and NBIRTH. [tck-id-message-flow-edge-node-birth-publish-nbirth-payload-bdSeq] */
export function bdSeqMetric(incarnation: number, timestampMs: number): Metric {
  return { name: bdSeqName, timestampMs, dataType: dataType.int64, value: bdSeqOf(incarnation) };
}

/** The payload of NDEATH: no sequence number. [tck-id-payloads-ndeath-seq] [tck-id-topics-ndeath-payload] */
export function deathPayload(incarnation: number, atMs: number): Uint8Array {
  const timestampMs = Math.round(atMs);
  return encodePayload({ timestampMs, metrics: [bdSeqMetric(incarnation, timestampMs)] });
}

/** The metric by which a host application has a node publish its births again. */
export const rebirthName = "Node Control/Rebirth";

/**
 * The payload of NBIRTH. [tck-id-payloads-nbirth-seq] [tck-id-payloads-nbirth-rebirth-req]
 *
 * @param metrics the node's own
 */
export function birthPayload(incarnation: number, atMs: number, metrics: readonly Metric[] = []): Uint8Array {
  const timestampMs = Math.round(atMs);
  const control = { name: rebirthName, timestampMs, dataType: dataType.boolean, value: false };
  return encodePayload({
    timestampMs,
    metrics: [bdSeqMetric(incarnation, timestampMs), control, ...metrics],
    seq: 0,
  });
}

/** The bdSeq of a payload of NBIRTH or NDEATH; undefined where it has none. */
export function bdSeqIn(payload: Payload | undefined): number | undefined {
  const metric = payload?.metrics.find(({ name }) => name === bdSeqName);
  return typeof metric?.value === "number" ? metric.value : undefined;
}
