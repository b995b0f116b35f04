/** Files written at the same time: an object store takes a while for each, however small. */
const MAX_WRITES = 64;
/** Characters of their rows, which are in memory meanwhile. */
const MAX_WRITTEN_CHARACTERS = 64 * 2 ** 20;

/** Writes files with at most `MAX_WRITES` of them, and `MAX_WRITTEN_CHARACTERS` in all, at a time. */
export function concurrentWrites() {
  const underWay = new Set<Promise<void>>();
  let characters = 0;
  const failures: unknown[] = [];
  const succeeded = async () => {
    if (failures.length > 0) throw failures[0];
  };
  return {
    /** Starts work when there is a place for it. Throws the failure of any earlier one. */
    add: async (size: number, work: () => Promise<void>) => {
      const isFull = () =>
        underWay.size >= MAX_WRITES || characters + size > MAX_WRITTEN_CHARACTERS;
      while (underWay.size > 0 && isFull()) await Promise.race(underWay);
      await succeeded();
      characters += size;
      const started: Promise<void> = work()
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          characters -= size;
          underWay.delete(started);
        });
      underWay.add(started);
    },
    /** Waits until nothing is under way. */
    settled: async () => {
      await Promise.all(underWay);
    },
    /** Throws the first failure. */
    succeeded,
  };
}
