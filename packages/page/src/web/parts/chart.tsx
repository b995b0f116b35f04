import { scaleLinear } from "d3-scale";
import { area, curveMonotoneX, line } from "d3-shape";
import { useId, useState } from "preact/hooks";
import { type ChartProps, ChartTable, chartSummary, valueText } from "./chart-text.js";
import { digits } from "./format.js";
import { useWidth } from "./use-width.js";

const HEIGHT = 170;
const MARGIN = { top: 10, right: 8, bottom: 22, left: 44 };
/** Colours of the stylesheet; further lines repeat them. */
const COLOURS = 6;

/** Lines over time, with a table of the same values for those who cannot see them. */
export function Chart(props: ChartProps) {
  const { title, unit, places, lines, placeText, format = digits } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number>();
  const titleId = useId();
  const scales = scalesOf({ places, lines, width });
  const { x, y } = scales;
  const onMove = (event: PointerEvent) => {
    const box = ref.current?.getBoundingClientRect();
    if (box !== undefined) setAt(nearest(places, x.invert(event.clientX - box.left)));
  };
  const shown = at ?? places.length - 1;
  const toneOf = (place: number) => `line-${place % COLOURS}`;
  return (
    <figure class="chart" aria-labelledby={titleId}>
      <figcaption>
        <span id={titleId} class="title">
          {title} <span class="unit">{unit}</span>
        </span>
        <span class="at">{at === undefined ? "" : placeText(places[shown] ?? 0)}</span>
        <ul class="legend">
          {lines.map(({ name, values }, place) => (
            <li key={name}>
              {lines.length > 1 ? <i class={`swatch ${toneOf(place)}`} /> : null}
              {lines.length > 1 ? `${name} ` : ""}
              <b>{valueText(values[shown], format)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      {/* Pointing shows values that the table below has too. */}
      <div ref={ref} class="plot" onPointerMove={onMove} onPointerLeave={() => setAt(undefined)}>
        {width === 0 ? null : (
          <svg width={width} height={HEIGHT} role="img" aria-label={chartSummary(props)}>
            <Axes scales={scales} placeText={placeText} places={places} />
            {lines.map((one, place) => (
              <Curve
                key={one.name}
                values={one.values}
                places={places}
                scales={scales}
                tone={toneOf(place)}
                isFilled={lines.length === 1}
              />
            ))}
            {at === undefined ? null : (
              <g class="pointer">
                <line
                  x1={x(places[at] ?? 0)}
                  x2={x(places[at] ?? 0)}
                  y1={MARGIN.top}
                  y2={HEIGHT - MARGIN.bottom}
                />
                {lines.map(({ name, values }, place) => {
                  const value = values[at] ?? undefined;
                  return value === undefined ? null : (
                    <circle
                      key={name}
                      class={toneOf(place)}
                      r={3}
                      cx={x(places[at] ?? 0)}
                      cy={y(value)}
                    />
                  );
                })}
              </g>
            )}
          </svg>
        )}
      </div>
      <ChartTable {...props} />
    </figure>
  );
}

type Scales = ReturnType<typeof scalesOf>;

function scalesOf({
  places,
  lines,
  width,
}: Pick<ChartProps, "places" | "lines"> & { readonly width: number }) {
  const first = places[0] ?? 0;
  const last = places.at(-1) ?? first + 1;
  const top = lines
    .flatMap(({ values }) => values)
    .reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  return {
    x: scaleLinear()
      .domain([first, last === first ? first + 1 : last])
      .range([MARGIN.left, Math.max(MARGIN.left + 1, width - MARGIN.right)]),
    y: scaleLinear()
      .domain([0, top === 0 ? 1 : top])
      .nice(4)
      .range([HEIGHT - MARGIN.bottom, MARGIN.top]),
  };
}

function Axes({
  scales: { x, y },
  places,
  placeText,
}: Pick<ChartProps, "places" | "placeText"> & { readonly scales: Scales }) {
  const tickText = y.tickFormat(4);
  const [left = 0, right = 0] = x.range();
  const between = Math.max(2, Math.floor((right - left) / 110));
  const first = places[0] ?? 0;
  const last = places.at(-1) ?? first;
  const marks = Array.from(
    { length: between + 1 },
    (_, at) => first + ((last - first) * at) / between,
  );
  return (
    <g class="axes">
      {y.ticks(4).map((tick) => (
        <g key={tick}>
          <line x1={left} x2={right} y1={y(tick)} y2={y(tick)} />
          <text x={left - 6} y={y(tick)} dy="0.32em" text-anchor="end">
            {tickText(tick)}
          </text>
        </g>
      ))}
      {marks.map((mark, at) => (
        <text
          key={mark}
          x={x(mark)}
          y={HEIGHT - 6}
          text-anchor={at === 0 ? "start" : at === between ? "end" : "middle"}
        >
          {placeText(mark)}
        </text>
      ))}
    </g>
  );
}

function Curve({
  values,
  places,
  scales: { x, y },
  tone,
  isFilled,
}: {
  readonly values: readonly (number | null)[];
  readonly places: readonly number[];
  readonly scales: Scales;
  readonly tone: string;
  readonly isFilled: boolean;
}) {
  const points = places.map((place, at) => ({ place, value: values[at] ?? null }));
  const isKnown = ({ value }: { readonly value: number | null }) => value !== null;
  const [bottom = 0] = y.range();
  const curve = line<(typeof points)[number]>()
    .defined(isKnown)
    .x(({ place }) => x(place))
    .y(({ value }) => y(value ?? 0))
    .curve(curveMonotoneX);
  const fill = area<(typeof points)[number]>()
    .defined(isKnown)
    .x(({ place }) => x(place))
    .y0(bottom)
    .y1(({ value }) => y(value ?? 0))
    .curve(curveMonotoneX);
  return (
    <g class={tone}>
      {isFilled ? <path class="fill" d={fill(points) ?? ""} /> : null}
      <path class="stroke" d={curve(points) ?? ""} />
    </g>
  );
}

function nearest(places: readonly number[], wanted: number): number {
  let best = 0;
  for (const [at, place] of places.entries()) {
    if (Math.abs(place - wanted) < Math.abs((places[best] ?? 0) - wanted)) best = at;
  }
  return best;
}
