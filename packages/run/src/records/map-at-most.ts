/** Maps items, keeping their order, with at most `atOnce` calls at a time. The first failure stops it. */
export async function mapAtMost<Item, Result>(
  atOnce: number,
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>();
  const left = items.entries();
  let failed = false;
  const work = async (): Promise<void> => {
    for (const [place, item] of left) {
      if (failed) return;
      try {
        results.set(place, await map(item));
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
