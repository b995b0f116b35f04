import type { SearchRecord } from "@nightbeam/run";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { CallStrip } from "./call-strip.js";
import { layoutOf, type SearchLayout } from "./search-layout.js";
import {
  type PrefixState,
  type SearchModel,
  type SearchPrefix,
  type SearchStep,
  searchModel,
  searchSteps,
  stateOf,
} from "./search-model.js";
import { SearchTable } from "./search-table.js";
import { Mark, SearchTree } from "./search-tree.js";
import { prefixText, savingText, stepText, type TitleOf } from "./search-words.js";

export interface SearchPictureProps {
  readonly record: SearchRecord;
  /** Default: the item's id. */
  readonly titleOf?: TitleOf;
}

const STEP_MS = 1_600;

/**
 * How one user's search went: the tree of prefixes level by level, call by call; what the draft proposed, what the target
 * was asked for, what was fetched for nothing, and how many calls plain search would have made.
 */
export function SearchPicture({ record, titleOf = (item) => item }: SearchPictureProps) {
  const model = useMemo(() => searchModel(record), [record]);
  const layout = useMemo(() => layoutOf(model), [model]);
  const steps = useMemo(() => searchSteps(model), [model]);
  const last = steps.length - 1;
  const [at, setAt] = useState(last);
  const [isPlaying, setPlaying] = useState(false);
  const [chosen, choose] = useState<SearchPrefix>();
  const id = useId();
  useEffect(() => {
    setAt(last);
    setPlaying(false);
    choose(undefined);
  }, [model, last]);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => (at >= last ? setPlaying(false) : setAt(at + 1)), STEP_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, at, last]);
  const step = steps[Math.min(at, last)] ?? { call: 0, settled: 0 };
  const text = stepText(model, step, steps[at - 1]);
  const go = (to: number) => {
    setPlaying(false);
    setAt(Math.max(0, Math.min(last, to)));
  };
  return (
    <figure class="search-picture" aria-labelledby={id}>
      <figcaption>
        <p class="saving" id={id}>
          {savingText(model) || `The search of ${record.user}`}
        </p>
        <CallStrip model={model} steps={steps} at={at} />
        {model.isWhole || last === 0 ? null : (
          <div class="stepper">
            <button type="button" onClick={() => go(at - 1)} disabled={at === 0}>
              Back
            </button>
            <button
              type="button"
              class="play"
              onClick={() => {
                if (at >= last) setAt(0);
                setPlaying(!isPlaying);
              }}
            >
              {isPlaying ? "Stop" : "Play"}
            </button>
            <button type="button" onClick={() => go(at + 1)} disabled={at >= last}>
              Next
            </button>
            <span class="at">
              {step.call === 0
                ? "before the first call"
                : `after call ${step.call} of ${record.calls}`}
            </span>
          </div>
        )}
        <p class="step" aria-live="polite">
          {text}
        </p>
        <Legend model={model} step={step} />
      </figcaption>
      {/* biome-ignore lint/a11y/useSemanticElements: a group of marks that arrow keys walk through */}
      <div
        class="canvas"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys walk through the tree
        tabIndex={0}
        aria-label="The tree of the search. Arrow keys go from prefix to prefix; the text below says what it is."
        onKeyDown={(event) => {
          const next = moved(event.key, { chosen, layout, model, step });
          if (next === undefined) return;
          event.preventDefault();
          choose(next);
        }}
        onPointerLeave={() => choose(undefined)}
      >
        <SearchTree
          model={model}
          layout={layout}
          step={step}
          titleOf={titleOf}
          chosen={chosen}
          onChoose={choose}
        />
      </div>
      <p class="about" aria-live="polite">
        {chosen === undefined
          ? "Point at a mark, or walk with the arrow keys, to see what it is."
          : prefixText(chosen, titleOf)}
      </p>
      <SearchTable model={model} step={step} />
    </figure>
  );
}

/** Where an arrow key leads: to the parent, the first child, or the next prefix of the level. */
function moved(
  key: string,
  from: {
    readonly chosen: SearchPrefix | undefined;
    readonly layout: SearchLayout;
    readonly model: SearchModel;
    readonly step: SearchStep;
  },
): SearchPrefix | undefined {
  const { chosen, layout, model, step } = from;
  if (!key.startsWith("Arrow")) return undefined;
  if (chosen === undefined) return model.prefixes[0];
  if (key === "ArrowLeft") return chosen.parent;
  const isShown = (prefix: SearchPrefix) => stateOf(prefix, step) !== "hidden";
  const next = layout.byLevel[chosen.depth + 1] ?? [];
  if (key === "ArrowRight") {
    return next.find((prefix) => prefix.parent === chosen && isShown(prefix));
  }
  const level = (layout.byLevel[chosen.depth] ?? []).filter(isShown);
  return level[level.indexOf(chosen) + (key === "ArrowUp" ? -1 : 1)];
}

const LEGEND: readonly (readonly [PrefixState, string])[] = [
  ["target", "asked: the search was missing it"],
  ["hit", "guessed by the draft, and needed"],
  ["pending", "guessed by the draft, not settled yet"],
  ["miss", "guessed by the draft, for nothing"],
  ["missing", "missing: the next call asks"],
  ["kept", "kept: an item of the list, or certain"],
];

function Legend({ model, step }: { readonly model: SearchModel; readonly step: SearchStep }) {
  const present = new Set(model.prefixes.map((prefix) => stateOf(prefix, step)));
  return (
    <ul class="legend">
      {LEGEND.filter(([state]) => present.has(state)).map(([state, words]) => (
        <li key={state}>
          <svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true" class="search-tree">
            <g class={`prefix ${state}`}>
              <Mark state={state} />
            </g>
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}
