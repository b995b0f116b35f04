import type { Drafter } from "@nightbeam/decoding";

/**
 * Measures the compute time of a drafter that never waits. Drafters that are models report the time
 * that the model measured, in which waiting for a thread is not included.
 */
export function timedDrafter(drafter: Drafter): Drafter {
  return {
    async draft(requests) {
      const startedAt = performance.now();
      const drafts = await drafter.draft(requests);
      const milliseconds = (performance.now() - startedAt) / requests.length;
      return drafts.map((draft) => ({ ...draft, milliseconds }));
    },
    release: (keys) => drafter.release(keys),
  };
}
