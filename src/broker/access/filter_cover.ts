/**
 * Relations of two topic filters: whether one matches everything that the other matches, and whether both match some
 * topic. Both are valid filters, and neither is shared.
 */

/** Whether `outer` matches every topic that `inner` matches. A topic name is a filter too. */
export function covers(outer: string, inner: string): boolean {
  if (inner.startsWith("$") && isWild(outer[0])) return false; // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]
  const wide = outer.split("/");
  const narrow = inner.split("/");
  for (let at = 0; at < wide.length; at++) {
    if (wide[at] === "#") return true;
    if (narrow[at] === undefined || narrow[at] === "#") return false;
    if (wide[at] !== "+" && wide[at] !== narrow[at]) return false;
  }
  return narrow.length === wide.length;
}

/** Whether some topic matches both. */
export function overlaps(one: string, other: string): boolean {
  if (one.startsWith("$") !== other.startsWith("$")) return false; // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]
  const left = one.split("/");
  const right = other.split("/");
  for (let at = 0;; at++) {
    const [a, b] = [left[at], right[at]];
    if (a === "#" || b === "#" || (a === undefined && b === undefined)) return true;
    if (a === undefined || b === undefined) return (a ?? b) === "#";
    if (a !== b && a !== "+" && b !== "+") return false;
  }
}

function isWild(character: string | undefined): boolean {
  return character === "#" || character === "+";
}
