import type { SearchModel, SearchPrefix } from "./search-model.js";

/** Where a prefix is in the picture, in units of its view box. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface SearchLayout {
  readonly width: number;
  readonly height: number;
  /** By the place of a prefix in the record. */
  readonly places: readonly Place[];
  /** Prefixes of the whole picture, level by level and from top to bottom, for arrow keys. */
  readonly byLevel: readonly (readonly SearchPrefix[])[];
  /** Prefixes with room for their code above them. */
  readonly labelled: ReadonlySet<SearchPrefix>;
}

export const WIDTH = 960;
/** Room for the titles of the list. */
export const LABELS = 360;
const LEFT = 26;
export const TOP = 46;

/** Heights of rows: an item of the list has a line of text. */
const ROWS = { item: 24, kept: 13, other: 8 } as const;
const BETWEEN_BRANCHES = 5;

/** Places a search as a tree that grows to the right: a column per level, the best branches at the top. */
export function layoutOf(model: SearchModel): SearchLayout {
  const { prefixes, levels } = model;
  const best = bestBelow(model);
  const places: Place[] = [];
  const byLevel: SearchPrefix[][] = Array.from({ length: levels + 1 }, () => []);
  const step = (WIDTH - LABELS - LEFT) / Math.max(1, levels);
  let y = TOP;
  const place = (prefix: SearchPrefix): number => {
    byLevel[prefix.depth]?.push(prefix);
    const x = LEFT + prefix.depth * step;
    const children = prefix.children.toSorted((a, b) => (best[b.at] ?? 0) - (best[a.at] ?? 0));
    if (children.length === 0) {
      const height = rowOf(prefix, levels);
      places[prefix.at] = { x, y: y + height / 2 };
      y += height;
      return y - height / 2;
    }
    const middles = children.map((child) => {
      const middle = place(child);
      if (prefix.depth === 0) y += BETWEEN_BRANCHES;
      return { middle, isKept: child.node.kept };
    });
    const kept = middles.filter(({ isKept }) => isKept);
    const spread = (kept.length > 0 ? kept : middles).map(({ middle }) => middle);
    const own = ((spread[0] ?? y) + (spread.at(-1) ?? y)) / 2;
    places[prefix.at] = { x, y: own };
    return own;
  };
  if (prefixes[0] !== undefined) place(prefixes[0]);
  const labelled = new Set(byLevel.slice(1, -1).flatMap((level) => withRoom(level, places)));
  return { width: WIDTH, height: y + 10, places, byLevel, labelled };
}

const LABEL_ROOM = 19;

/** The kept prefixes of a level, from top to bottom, whose labels do not touch the mark above them. */
function withRoom(level: readonly SearchPrefix[], places: readonly Place[]): SearchPrefix[] {
  const yOf = ({ at }: SearchPrefix) => places[at]?.y ?? 0;
  const ordered = level.toSorted((a, b) => yOf(a) - yOf(b));
  return ordered.filter((prefix, at) => {
    const above = ordered[at - 1];
    return prefix.node.kept && (above === undefined || yOf(prefix) - yOf(above) >= LABEL_ROOM);
  });
}

function rowOf({ node, depth }: SearchPrefix, levels: number): number {
  if (!node.kept) return ROWS.other;
  return depth === levels ? ROWS.item : ROWS.kept;
}

/** The score of the best item below each prefix; prefixes without items of the list come last, by their own score. */
function bestBelow({ prefixes, levels }: SearchModel): number[] {
  const FAR = 1e6;
  const best = prefixes.map(({ node }) => (node.score ?? -FAR) - FAR);
  // Children come after their parents.
  for (const { at, node, depth, parent } of prefixes.toReversed()) {
    if (depth === levels && node.kept) best[at] = node.score ?? -FAR;
    if (parent !== undefined) best[parent.at] = Math.max(best[parent.at] ?? 0, best[at] ?? 0);
  }
  return best;
}
