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

/** The lines of a table: the heads, then one for each row. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const widths = columns.map((column) => columnWidth(column, rows));
  const padded = ({ align }: Column<Row>, index: number, text: string) =>
    align === "left" ? text.padEnd(widths[index]!) : text.padStart(widths[index]!);
  const heads = columns.map((column, index) => padded(column, index, column.head));
  const body = rows.map((row) =>
    columns.map((column, index) => {
      const text = padded(column, index, column.cell(row));
      return column.mark === undefined ? text : column.mark(text, row);
    })
  );
  return [heads, ...body].map((cells) => cells.join(gap).trimEnd());
}

/** How wide the lines of a table are. */
export function tableWidth<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  return columns.reduce((sum, column) => sum + columnWidth(column, rows), gap.length * (columns.length - 1));
}

function columnWidth<Row>({ head, cell }: Column<Row>, rows: readonly Row[]): number {
  return Math.max(head.length, ...rows.map((row) => cell(row).length));
}

/** Breaks a sentence into lines of at most `width` characters, `indent` before all but the first. */
export function wrapped(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line.trim() !== "" && longer.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}
