// A content recommender: of the items that begin with the same codes as the user's latest items, those that share the
// most codes, then those of the latest item, then the lowest item numbers; without the user's own items.

const LATEST = 5;

/**
 * Returns a function from a history to proposals, best first, of the given items.
 *
 * @param codes a map from item to code path, of the whole catalogue
 */
export function contentRecommender(codes, items) {
  const byPrefix = new Map();
  for (const item of items) {
    for (const prefix of prefixesOf(codes.get(item))) {
      const below = byPrefix.get(prefix);
      if (below === undefined) byPrefix.set(prefix, [item]);
      else below.push(item);
    }
  }
  return (history) => {
    const had = new Set(history);
    const anchors = history.slice(-LATEST).reverse();
    const [{ length: levels }] = codes.values();
    // Deepest prefixes first, for the most codes in common.
    const near = Array.from({ length: levels }, (_, up) =>
      anchors.flatMap(
        (anchor) => byPrefix.get(prefixesOf(codes.get(anchor))[levels - 1 - up]) ?? [],
      ),
    ).flat();
    return [...new Set(near)].filter((item) => !had.has(item));
  };
}

/** Prefixes of a code path, shortest first, the whole path last. */
function prefixesOf(path = []) {
  return path.map((_, at) => path.slice(0, at + 1).join(""));
}
