/** The part of a peer by which the broker counts and takes turns. */

/**
 * The address of a peer `host:port`, without its port. For IPv6, the network of a site, because one site can use any
 * number of addresses.
 */
export function addressOf(peer: string): string {
  const host = peer.slice(0, peer.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
  return host.includes(":") ? host.split(":").slice(0, 4).join(":") : host;
}
