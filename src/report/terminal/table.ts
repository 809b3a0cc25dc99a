/** Tables in plain text: columns as wide as their content, names aligned left, numbers right. */

/** A column: its head, and which cells it takes. */
export interface Column<Row> {
  readonly head: string;
  /** A cell's text. */
  readonly cell: (row: Row) => string;
  /** Names are aligned left, numbers right. */
  readonly align?: "left" | "right";
  /** Marks a cell once it has its width. */
  readonly mark?: (text: string, row: Row) => string;
}

const gap = "  ";
/** A column of names is not cut to less. */
const leastWidth = 8;

/**
 * The lines of a table: the heads, then one for each row.
 *
 * @param width columns that the lines may take: the widest column of names is cut where they do not suffice
 */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = Infinity): string[] {
  const widths = columns.map((column) => columnWidth(column, rows));
  const widest = widths.indexOf(Math.max(...widths.filter((_, index) => columns[index]!.align === "left")));
  const over = widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1)) - width;
  if (over > 0 && widest >= 0) widths[widest] = Math.max(leastWidth, widths[widest]! - over);
  const padded = ({ align }: Column<Row>, index: number, text: string) => {
    const room = widths[index]!;
    return align === "left" ? shortened(text, room).padEnd(room) : text.padStart(room);
  };
  const heads = columns.map((column, index) => padded(column, index, column.head));
  const body = rows.map((row) =>
    columns.map((column, index) => {
      const text = padded(column, index, column.cell(row));
      return column.mark === undefined ? text : column.mark(text, row);
    })
  );
  return [heads, ...body].map((cells) => cells.join(gap).trimEnd());
}

/** Text in at most so many characters; a sign says where the rest is missing. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`;
}

/** How wide the lines of a table are. */
export function tableWidth<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  return columns.reduce((sum, column) => sum + columnWidth(column, rows), gap.length * (columns.length - 1));
}

function columnWidth<Row>({ head, cell }: Column<Row>, rows: readonly Row[]): number {
  return Math.max(head.length, ...rows.map((row) => cell(row).length));
}

/**
 * Breaks a sentence into lines of at most `width` characters, `indent` before all but the first, which keeps the spaces
 * that it begins with.
 */
export function wrapped(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  const words = text.trimStart();
  let line = " ".repeat(text.length - words.length);
  for (const word of words.split(" ")) {
    const longer = line.trim() === "" ? line + word : `${line} ${word}`;
    if (line.trim() !== "" && longer.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}
