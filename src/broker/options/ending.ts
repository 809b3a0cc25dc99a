/** How a client's connection ended, as the broker saw it. The fleet has its own type for what it did. */

/** What ended a connection. */
export type Ending =
  /** The client sent DISCONNECT. */
  | { readonly kind: "disconnect"; readonly reasonCode: number }
  /** The link was lost, or closed by the client, without DISCONNECT. */
  | { readonly kind: "link-end" }
  /** No control packet for one and a half times the keep alive. */
  | { readonly kind: "keep-alive" }
  /** The client broke the standard, or a limit that ends its connection. */
  | { readonly kind: "protocol-error"; readonly reasonCode: number }
  /** A new connection arrived with the same client identifier. */
  | { readonly kind: "takeover" }
  /** An operator ended the connection or its session. */
  | { readonly kind: "administrative" }
  /** The broker stops. */
  | { readonly kind: "shutdown" };

/** The kinds of {@link Ending}, and the end of a session before the will's delay was over. */
export type EndingKind = Ending["kind"] | "session-end";

/** Every {@link EndingKind}. */
export const endingKinds: readonly EndingKind[] = [
  "disconnect",
  "link-end",
  "keep-alive",
  "protocol-error",
  "takeover",
  "administrative",
  "shutdown",
  "session-end",
];
