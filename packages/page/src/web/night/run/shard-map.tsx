import type { ShardMap as MapData, RunStatus } from "@nightbeam/api";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { whole } from "../../parts/format.js";
import { Empty } from "../../parts/panel.js";
import { useWidth } from "../../parts/use-width.js";
import { linkTo } from "../route.js";
import { colourNumber, mapPixels } from "./draw-map.js";
import {
  countStates,
  decodeStates,
  layOut,
  type MapLayout,
  moved,
  nextInState,
  STATES,
  shardAt,
} from "./map-layout.js";
import { ShardTable } from "./shard-table.js";

export interface ShardMapProps {
  readonly run: RunStatus;
  readonly map: MapData | undefined;
  /** The shard whose details are shown. */
  readonly selected: number | undefined;
}

/** All shards of a run as squares: a click, or Enter, shows the details of one. */
export function ShardMap({ run, map, selected }: ShardMapProps) {
  const states = useMemo(() => decodeStates(map?.states ?? "", map?.total ?? 0), [map]);
  if (map === undefined) return <Empty>Reading the shards…</Empty>;
  if (map.total === 0) return <Empty>The run is not planned yet.</Empty>;
  const open = (index: number) => {
    window.location.hash = linkTo({ view: "run", runId: run.id, shard: index });
  };
  return (
    <>
      <Legend states={states} selected={selected} onOpen={open} />
      <MapCanvas states={states} selected={selected} partSize={map.partSize} onOpen={open} />
      <ShardTable runId={run.id} states={states} map={map} />
    </>
  );
}

/** What the colours mean and how many there are. A click goes to the next one. */
function Legend({
  states,
  selected = -1,
  onOpen,
}: {
  readonly states: Uint8Array;
  readonly selected: number | undefined;
  readonly onOpen: (index: number) => void;
}) {
  const counts = useMemo(() => countStates(states), [states]);
  return (
    <ul class="map-legend">
      {STATES.map((state, number) => (
        <li key={state}>
          <button
            type="button"
            class="quiet"
            disabled={counts[number] === 0}
            title={`Show the next shard that is ${state}`}
            onClick={() => {
              const next = nextInState(states, { after: selected, state: number });
              if (next !== undefined) onOpen(next);
            }}
          >
            <i class={`swatch tone-${state}`} aria-hidden="true" />
            {state.replace("-", " ")} <b>{whole(counts[number] ?? 0)}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface CanvasProps {
  readonly states: Uint8Array;
  readonly selected: number | undefined;
  readonly partSize: number;
  readonly onOpen: (index: number) => void;
}

const MAX_HEIGHT = 340;

function MapCanvas({ states, selected, partSize, onOpen }: CanvasProps) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<number>();
  const [cursor, setCursor] = useState(0);
  const total = states.length;
  const layout = useMemo(() => layOut(total, { width, height: MAX_HEIGHT }), [total, width]);
  const scheme = useScheme();
  // The colours depend on the scheme.
  useLayoutEffect(() => {
    if (canvas.current !== null && width > 0) paint(canvas.current, { states, layout });
  }, [states, layout, width, scheme]);
  const indexAt = (event: PointerEvent | MouseEvent) => {
    return shardAt(layout, { x: event.offsetX, y: event.offsetY, total });
  };
  const named = pointed ?? selected;
  return (
    <div ref={ref} class="map">
      <div
        class="map-box"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application of its own keys, with a table as an alternative
        tabIndex={0}
        role="application"
        aria-roledescription="map"
        aria-label={`Map of ${whole(total)} shards. Arrow keys move, Enter shows a shard. The same is in the table below.`}
        onKeyDown={(event) => {
          if (event.key === "Enter") return onOpen(cursor);
          const next = moved(cursor, { key: event.key, columns: layout.columns, total });
          if (next === undefined) return;
          event.preventDefault();
          setCursor(next);
          setPointed(next);
        }}
        onBlur={() => setPointed(undefined)}
      >
        <canvas
          ref={canvas}
          onClick={(event) => {
            const index = indexAt(event);
            if (index !== undefined) onOpen(index);
          }}
          onPointerMove={(event) => setPointed(indexAt(event))}
          onPointerLeave={() => setPointed(undefined)}
        />
        {pointed === undefined ? null : <Ring index={pointed} layout={layout} kind="pointed" />}
        {selected === undefined || selected >= total ? null : (
          <Ring index={selected} layout={layout} kind="selected" />
        )}
      </div>
      <p class="map-word" aria-live="polite">
        {named === undefined || named >= total
          ? `${whole(partSize)} users per shard`
          : `Shard ${named}: ${STATES[states[named] ?? 0]?.replace("-", " ") ?? ""}`}
      </p>
    </div>
  );
}

function Ring({
  index,
  layout,
  kind,
}: {
  readonly index: number;
  readonly layout: MapLayout;
  readonly kind: string;
}) {
  const { step, size, columns } = layout;
  const place = { left: (index % columns) * step, top: Math.floor(index / columns) * step };
  return (
    <i
      class={`ring ${kind}`}
      style={{
        left: `${place.left}px`,
        top: `${place.top}px`,
        width: `${size}px`,
        height: `${size}px`,
      }}
    />
  );
}

function paint(
  canvas: HTMLCanvasElement,
  { states, layout }: { readonly states: Uint8Array; readonly layout: MapLayout },
): void {
  const style = getComputedStyle(canvas);
  const colours = STATES.map((state) => colourNumber(style.getPropertyValue(`--shard-${state}`)));
  const scale = window.devicePixelRatio;
  const { width, height, pixels } = mapPixels({ states, layout, colours, scale });
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = `${layout.columns * layout.step}px`;
  canvas.style.height = `${layout.rows * layout.step}px`;
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** Changes when the reader's system changes between dark and light. */
function useScheme(): boolean {
  const query = useMemo(() => window.matchMedia("(prefers-color-scheme: dark)"), []);
  const [isDark, setDark] = useState(query.matches);
  useLayoutEffect(() => {
    const onChange = () => setDark(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, [query]);
  return isDark;
}
