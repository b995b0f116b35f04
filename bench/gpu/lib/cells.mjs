/**
 * The cells of steps/speed.mjs, those first that say most about when to search how. The first six also fit into the
 * limits of large targets.
 */
export const CELLS = cells(
  [80, 10, 1],
  [80, 10, 64],
  [500, 10, 1],
  [80, 20, 8],
  [80, 20, 64],
  [500, 10, 8],
  [500, 20, 64],
  [80, 10, 8],
  [80, 50, 64],
  [80, 10, 256],
  [80, 20, 1],
  [500, 20, 1],
  [80, 200, 8],
  [500, 20, 8],
  [500, 10, 64],
  [80, 20, 256],
  [80, 50, 1],
  [80, 50, 8],
  [80, 200, 1],
  [80, 200, 64],
  [500, 50, 8],
  [500, 200, 1],
  [500, 50, 1],
  [500, 200, 8],
  [500, 50, 64],
  [80, 50, 256],
  [500, 10, 256],
  [500, 200, 64],
  [500, 20, 256],
  [80, 200, 256],
  [500, 50, 256],
  [500, 200, 256],
);

/** A few of them, for a rehearsal. */
export const FEW_CELLS = cells([80, 10, 1], [80, 20, 8]);

/** @param {[number, number, number][]} list prompt tokens, beam width, users */
function cells(...list) {
  return list.map(([promptTokens, beamWidth, users]) => ({ promptTokens, beamWidth, users }));
}
