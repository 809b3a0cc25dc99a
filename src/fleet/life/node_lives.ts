/**
 * Finds the life of an edge node by the topic and the bdSeq of its birth or death certificate.
 */
import { decodePayload } from "../../mqtt/sparkplug/payload.ts";
import type { WillMark } from "./life.ts";
import { bdSeqIn, bdSeqOf, sequenceLength } from "./sparkplug.ts";

/** A node and its last CONNECT. */
interface Node {
  readonly client: number;
  incarnation: number;
}

export class NodeLives {
  readonly #byTopic = new Map<string, Node>();

  /** A node sends the CONNECT of a life; its will has this topic. */
  begin(deathTopic: string, client: number, incarnation: number): void {
    const node = this.#byTopic.get(deathTopic);
    if (node === undefined) this.#byTopic.set(deathTopic, { client, incarnation });
    else node.incarnation = incarnation;
  }

  /** Whether the topic of an NDEATH is that of a node here. */
  has(deathTopic: string): boolean {
    return this.#byTopic.has(deathTopic);
  }

  /**
   * The life with that bdSeq, among the last 256 of the node; undefined where no CONNECT of the node has had it.
   */
  find(deathTopic: string, payload: Uint8Array): WillMark | undefined {
    const node = this.#byTopic.get(deathTopic);
    const bdSeq = bdSeqIn(decodePayload(payload));
    if (node === undefined || bdSeq === undefined) return undefined;
    const behind = (bdSeqOf(node.incarnation) - bdSeq + sequenceLength) % sequenceLength;
    const incarnation = node.incarnation - behind;
    if (incarnation < 1 || bdSeq < 0 || bdSeq >= sequenceLength) return undefined;
    return { client: node.client, incarnation };
  }
}
