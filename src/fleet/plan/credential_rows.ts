/**
 * The rows of a credentials file: one buffer of bytes with the ends of the fields, which all squads share. A row costs
 * its bytes and 4 more for each column.
 */

/** The columns of a credentials file. */
export const credentialColumns = ["client_id", "username", "password", "cert", "key"] as const;

/** The name of a column. */
export type CredentialColumn = typeof credentialColumns[number];

/** The rows of a file: row n belongs to client n. */
export interface CredentialRows {
  /** The columns of the file, in its order. */
  readonly columns: readonly CredentialColumn[];
  /** The number of rows. */
  readonly count: number;
  /** The fields in UTF-8, row after row. */
  readonly bytes: Uint8Array;
  /** The end of each field in {@link bytes}. */
  readonly ends: Uint32Array;
}

/** The bytes of memory that the rows take. */
export function sizeOfRows({ bytes, ends }: CredentialRows): number {
  return bytes.byteLength + ends.byteLength;
}

/** The number of a client's row; undefined for a canary, whose number is beyond the clients. */
export function rowOf({ count }: CredentialRows, client: number): number | undefined {
  return client < count ? client : undefined;
}

const decoder = new TextDecoder();

/** A field of a client's row; undefined without that column, row or value. */
export function fieldOf(rows: CredentialRows, client: number, column: CredentialColumn): string | undefined {
  const bytes = fieldBytes(rows, client, column);
  // The decoder refuses shared memory: the field is copied first.
  return bytes === undefined ? undefined : decoder.decode(bytes);
}

/** The bytes of a field: a copy. */
export function fieldBytes(rows: CredentialRows, client: number, column: CredentialColumn): Uint8Array | undefined {
  const place = rows.columns.indexOf(column);
  if (place < 0 || client >= rows.count) return undefined;
  const at = client * rows.columns.length + place;
  const from = at === 0 ? 0 : rows.ends[at - 1]!;
  const to = rows.ends[at]!;
  return from === to ? undefined : rows.bytes.slice(from, to);
}

/** Collects rows into shared memory. */
export class CredentialRowsWriter {
  readonly #columns: readonly CredentialColumn[];
  readonly #encoder = new TextEncoder();
  readonly #ends: number[] = [];
  #bytes: Uint8Array;
  #used = 0;

  /** @param sizeBytes a bound of the size of all fields */
  constructor(columns: readonly CredentialColumn[], sizeBytes: number) {
    this.#columns = columns;
    this.#bytes = new Uint8Array(sizeBytes);
  }

  /** Adds one row, its fields in the order of the columns. */
  add(fields: readonly string[]): void {
    const joined = fields.join("");
    const { written } = this.#encoder.encodeInto(joined, this.#bytes.subarray(this.#used));
    for (const field of fields) {
      // Where each character is one byte, the length of the text is the number of its bytes.
      this.#used += written === joined.length ? field.length : this.#encoder.encode(field).length;
      this.#ends.push(this.#used);
    }
  }

  /** The rows. */
  rows(): CredentialRows {
    const bytes = new Uint8Array(new SharedArrayBuffer(this.#used));
    bytes.set(this.#bytes.subarray(0, this.#used));
    const ends = new Uint32Array(new SharedArrayBuffer(4 * this.#ends.length));
    ends.set(this.#ends);
    this.#bytes = new Uint8Array(0);
    return { columns: this.#columns, count: this.#ends.length / this.#columns.length, bytes, ends };
  }
}
