import { printable } from "./printable.js";
/** Aligned columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  return inColumns(rows, ({ cell, width, column }) =>
    column === 0 ? cell.padEnd(width) : cell.padStart(width),
  );
}

/** Aligned columns, all to the left. */
export function listing(rows: readonly (readonly string[])[]): string {
  return inColumns(rows, ({ cell, width }) => cell.padEnd(width));
}

/** Names and values, one pair per line, with the values aligned. */
export function facts(pairs: readonly (readonly [name: string, value: string])[]): string {
  return listing(pairs);
}

/** Cells are shown as `printable` does: a line break in one would look like another row. */
function inColumns(
  given: readonly (readonly string[])[],
  pad: (place: { cell: string; width: number; column: number }) => string,
): string {
  const rows = given.map((row) => row.map(printable));
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => pad({ cell, width: widths[column] ?? 0, column })).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** The lines of a Markdown table, with padded columns, so that the source is readable too. */
export function markdownTable(
  head: readonly string[],
  body: readonly (readonly string[])[],
): string[] {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [first = [], ...others] = rows;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)];
}
