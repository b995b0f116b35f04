import { digits } from "./format.js";

export interface ChartLine {
  readonly name: string;
  /** One value per place; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly title: string;
  readonly unit: string;
  /** The places on the horizontal axis, ascending. */
  readonly places: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly placeText: (place: number) => string;
  readonly format?: (value: number) => string;
}

const MAX_ROWS = 24;

/** A part of the values as a table. */
export function ChartTable({ title, places, lines, placeText, format = digits }: ChartProps) {
  const every = Math.max(1, Math.ceil(places.length / MAX_ROWS));
  const rows = places.map((_, at) => at).filter((at) => at % every === 0);
  return (
    <details class="values">
      <summary>{title} as a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">at</th>
            {lines.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((at) => (
            <tr key={at}>
              <th scope="row">{placeText(places[at] ?? 0)}</th>
              {lines.map(({ name, values }) => (
                <td key={name}>{valueText(values[at], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** The values in a sentence, for screen readers. */
export function chartSummary({ title, unit, lines, format = digits }: ChartProps): string {
  const parts = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name}: no values`;
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const last = known.at(-1) ?? 0;
    return `${name}: last ${format(last)}, mean ${format(mean)}, highest ${format(Math.max(...known))}`;
  });
  return `${title}, ${unit}. ${parts.join("; ")}`;
}

export function valueText(
  value: number | null | undefined,
  format: (value: number) => string,
): string {
  return value === null || value === undefined ? "–" : format(value);
}
