import { linkHorizontal } from "d3-shape";
import { LABELS, type layoutOf, type Place, TOP, WIDTH } from "./search-layout.js";
import {
  countStates,
  type PrefixState,
  type SearchModel,
  type SearchPrefix,
  type SearchStep,
  stateOf,
} from "./search-model.js";
import { chanceText, type TitleOf } from "./search-words.js";

export interface SearchTreeProps {
  readonly model: SearchModel;
  readonly layout: ReturnType<typeof layoutOf>;
  readonly step: SearchStep;
  readonly titleOf: TitleOf;
  /** The prefix that is looked at. */
  readonly chosen: SearchPrefix | undefined;
  readonly onChoose: (prefix: SearchPrefix | undefined) => void;
}

const MAX_TITLE = 39;

/** The tree of a search at one of its steps: a column per level, growing to the right. */
export function SearchTree(props: SearchTreeProps) {
  const { model, layout, step, chosen, titleOf, onChoose } = props;
  const { prefixes } = model;
  const path = new Set<SearchPrefix>();
  for (let at = chosen; at !== undefined; at = at.parent) path.add(at);
  const shown = prefixes
    .map((prefix) => ({ prefix, state: stateOf(prefix, step) }))
    .filter(({ state }) => state !== "hidden");
  const placeOf = ({ at }: SearchPrefix): Place => layout.places[at] ?? { x: 0, y: 0 };
  return (
    <svg viewBox={`0 0 ${layout.width} ${layout.height}`} aria-hidden="true" class="search-tree">
      <Columns {...props} />
      {shown.map(({ prefix, state }) =>
        prefix.parent === undefined ? null : (
          <path
            key={prefix.at}
            class={`edge ${state} ${path.has(prefix) ? "chosen" : ""}`}
            d={curve({ source: placeOf(prefix.parent), target: placeOf(prefix) }) ?? ""}
          />
        ),
      )}
      {shown.map(({ prefix, state }) => (
        <g
          key={prefix.at}
          class={`prefix ${state} ${prefix === chosen ? "chosen" : ""}`}
          transform={`translate(${placeOf(prefix).x} ${placeOf(prefix).y})`}
          onPointerEnter={() => onChoose(prefix)}
        >
          <rect class="reach" x={-10} y={-8} width={reachOf(prefix, model)} height={16} />
          <Mark state={state} />
          <Label
            prefix={prefix}
            model={model}
            titleOf={titleOf}
            isLabelled={layout.labelled.has(prefix)}
          />
        </g>
      ))}
    </svg>
  );
}

const curve = linkHorizontal<{ source: Place; target: Place }, Place>()
  .x(({ x }) => x)
  .y(({ y }) => y);

function reachOf({ depth, node }: SearchPrefix, { levels }: SearchModel): number {
  return depth === levels && node.kept ? LABELS - 10 : 20;
}

/** A mark per state, which differ in shape and not in colour alone. */
export function Mark({ state }: { readonly state: PrefixState }) {
  switch (state) {
    case "target":
      return <rect class="dot" x={-4.5} y={-4.5} width={9} height={9} rx={1.5} />;
    case "missing":
      return <rect class="dot" x={-4.5} y={-4.5} width={9} height={9} rx={1.5} />;
    case "hit":
      return <circle class="dot" r={5} />;
    case "pending":
      return <circle class="dot" r={4} />;
    case "miss":
      return <path class="dot" d="M-2.6 -2.6 L2.6 2.6 M-2.6 2.6 L2.6 -2.6" />;
    case "kept":
      return <path class="dot" d="M0 -5.5 L5.5 0 L0 5.5 L-5.5 0 Z" />;
    case "passed":
    case "hidden":
      return <circle class="dot" r={1.5} />;
    default:
      return state satisfies never;
  }
}

/** The title of an item of the list; the code of another prefix that was kept. */
function Label({
  prefix: { node, depth },
  model: { levels, record },
  titleOf,
  isLabelled,
}: { readonly prefix: SearchPrefix; readonly isLabelled: boolean } & Pick<
  SearchTreeProps,
  "model" | "titleOf"
>) {
  if (depth < levels || !node.kept) {
    if (!isLabelled) return null;
    return (
      <text class="code" y={-8} text-anchor="middle">
        {node.code}
      </text>
    );
  }
  const rank = record.list.findIndex(({ item }) => node.examples.includes(item));
  const item = record.list[rank]?.item ?? node.examples[0];
  const title = item === undefined ? node.code : titleOf(item);
  return (
    <>
      <text class={`title ${rank < 0 ? "unlisted" : ""}`} x={12} dy="0.34em">
        {rank < 0 ? "" : <tspan class="rank">{rank + 1}. </tspan>}
        {title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title}
      </text>
      <text class="chance" x={LABELS - 14} dy="0.34em" text-anchor="end">
        {chanceText(node.score)}
      </text>
    </>
  );
}

/** The heads of the columns: level, and how many prefixes are kept of those that are known. */
function Columns({ model, layout, step }: SearchTreeProps) {
  const { levels, prefixes } = model;
  const xOf = (depth: number) => 26 + (depth * (WIDTH - LABELS - 26)) / Math.max(1, levels);
  return (
    <g class="heads">
      {layout.byLevel.map((_, depth) => {
        const ofLevel = prefixes.filter((prefix) => prefix.depth === depth);
        const { miss, pending } = countStates(ofLevel, step);
        const kept = depth <= step.settled ? ofLevel.filter(({ node }) => node.kept).length : 0;
        const note = [
          kept > 0 ? `${kept} kept` : "",
          pending > 0 ? `${pending} guessed` : "",
          miss > 0 ? `${miss} unused` : "",
        ];
        const x = xOf(depth);
        const anchor = depth === 0 ? "start" : depth === levels ? "start" : "middle";
        return (
          <g key={depth} class={depth <= step.settled ? "settled" : ""}>
            <line x1={x} x2={x} y1={TOP - 10} y2={layout.height} />
            <text class="head" x={depth === 0 ? 4 : x} y={14} text-anchor={anchor}>
              {depth === 0 ? "prompt" : depth === levels ? "items" : `level ${depth}`}
            </text>
            <text class="note" x={depth === 0 ? 4 : x} y={29} text-anchor={anchor}>
              {depth === 0 ? "" : note.filter((one) => one !== "").join(" · ")}
            </text>
          </g>
        );
      })}
    </g>
  );
}
