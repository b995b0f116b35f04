import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers are at the right. */
  readonly isNumber?: boolean;
  /** On a phone the first column is the title of a row, and the others have their names beside them. */
  readonly isWide?: boolean;
  /** Its part of the table's width in percent; for tables that are above each other. */
  readonly width?: number;
}

export interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
}

/** A table that becomes a list of cards on a phone. The first column names the row. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  const classOf = ({ isNumber = false, isWide = false }: Column<Row>) =>
    `${isNumber ? "number" : ""} ${isWide ? "wide" : ""}`;
  const isFixed = columns.some(({ width }) => width !== undefined);
  return (
    <table class={isFixed ? "table fixed" : "table"}>
      <caption class="hidden">{caption}</caption>
      {isFixed ? (
        <colgroup>
          {columns.map(({ name, width }) => (
            <col key={name} style={width === undefined ? {} : { width: `${width}%` }} />
          ))}
        </colgroup>
      ) : null}
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col" class={classOf(column)}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column, at) =>
              at === 0 ? (
                <th key={column.name} scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.name} class={classOf(column)} data-name={column.name}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
