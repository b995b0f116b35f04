import type { BeamTree, ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";

/** A tree that is split has at least this many entries per piece, however long its prompt is. */
const MIN_ENTRIES = 64;

/**
 * Splits a request whose tree has more entries than a pass should have, so that other calls get their turn in between.
 * The pieces have the wanted entries in their order, and repeat the entries above them.
 *
 * @param maxRows Rows of a pass: prompt tokens and entries
 * @returns no piece if nothing is wanted: there is nothing to compute
 */
export function splitTree(request: ScoreRequest, maxRows: number): readonly ScoreRequest[] {
  const { tree, prompt } = request;
  const maxEntries = Math.max(MIN_ENTRIES, maxRows - prompt.length);
  if (tree.wanted.length === 0) return [];
  if (tree.prefixes.length <= maxEntries) return [request];
  const pieces: ScoreRequest[] = [];
  let entries = new Set<number>();
  let wanted: number[] = [];
  const end = () => pieces.push({ ...request, tree: pieceOf(tree, { entries, wanted }) });
  for (const entry of tree.wanted) {
    const path = pathTo(tree, entry);
    const added = path.reduce((sum, one) => sum + (entries.has(one) ? 0 : 1), 0);
    if (wanted.length > 0 && entries.size + added > maxEntries) {
      end();
      [entries, wanted] = [new Set(), []];
    }
    for (const one of path) entries.add(one);
    wanted.push(entry);
  }
  end();
  return pieces;
}

/** The answer to a request from those to its pieces, in their order. */
export function joinAnswers(pieces: readonly ScoreAnswer[]): ScoreAnswer {
  const [first, ...others] = pieces;
  if (first !== undefined && others.length === 0) return first;
  const logProbs = new Float64Array(pieces.reduce((sum, one) => sum + one.logProbs.length, 0));
  const sums = { tokens: 0, milliseconds: 0 };
  const outside = pieces.flatMap((piece) => piece.outside ?? []);
  let from = 0;
  for (const piece of pieces) {
    logProbs.set(piece.logProbs, from);
    from += piece.logProbs.length;
    sums.tokens += piece.tokens;
    sums.milliseconds += piece.milliseconds;
  }
  if (outside.length < pieces.length || outside.length === 0) return { logProbs, ...sums };
  return {
    logProbs,
    outside: {
      codes: Uint16Array.from(outside.flatMap(({ codes }) => [...codes])),
      logProbs: Float64Array.from(outside.flatMap((piece) => [...piece.logProbs])),
    },
    ...sums,
  };
}

/** An entry and those above it. */
function pathTo({ parents }: BeamTree, entry: number): number[] {
  const path: number[] = [];
  for (let at = entry; at >= 0; at = parents[at] ?? -1) path.push(at);
  return path;
}

function pieceOf(
  tree: BeamTree,
  { entries, wanted }: { entries: ReadonlySet<number>; wanted: readonly number[] },
): BeamTree {
  const kept = [...entries].sort((a, b) => a - b);
  const places = new Map(kept.map((entry, place) => [entry, place]));
  const placeOf = (entry: number) => places.get(entry) ?? -1;
  return {
    prefixes: Uint32Array.from(kept, (entry) => tree.prefixes[entry] ?? 0),
    parents: Int32Array.from(kept, (entry) => placeOf(tree.parents[entry] ?? -1)),
    wanted: Uint32Array.from(wanted, placeOf),
  };
}
