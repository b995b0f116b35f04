import type { BatchDecoder, Drafter, SearchOutcome } from "@nightbeam/decoding";
import type { Recorder, Tracing } from "@nightbeam/telemetry";

/** A decoder whose batches are measured and traced. */
export function measuredDecoder(
  decoder: BatchDecoder,
  { recorder, tracing }: { readonly recorder: Recorder; readonly tracing: Tracing },
): BatchDecoder {
  return {
    questionOf: (job) => decoder.questionOf(job),
    ...(decoder.lengthClassOf === undefined
      ? {}
      : { lengthClassOf: (tokens: number) => decoder.lengthClassOf?.(tokens) ?? tokens }),
    maxUsers: decoder.maxUsers,
    async decode(jobs, signal) {
      const began = performance.now();
      const attributes = { "nightbeam.users": jobs.length };
      const outcomes = await tracing.within("batch", { attributes }, () =>
        decoder.decode(jobs, signal),
      );
      const seconds = (performance.now() - began) / 1e3;
      recorder.record("nightbeam.drafter.batch.users", jobs.length);
      recorder.record("nightbeam.drafter.batch.duration", seconds);
      recordSearches(recorder, outcomes);
      return outcomes;
    },
  };
}

/** A drafter whose drafts are traced. */
export function tracedDrafter(drafter: Drafter, tracing: Tracing): Drafter {
  return {
    draft: (requests) => {
      const attributes = { "nightbeam.users": requests.length };
      return tracing.within("draft", { attributes }, () => drafter.draft(requests));
    },
    release: (keys) => drafter.release(keys),
  };
}

function recordSearches(recorder: Recorder, outcomes: readonly SearchOutcome[]): void {
  const sum = (of: (cost: SearchOutcome["cost"]) => number) =>
    outcomes.reduce((total, { cost }) => total + of(cost), 0);
  const nodes = sum((cost) => cost.nodes);
  const missing = sum((cost) => cost.missingNodes);
  recorder.add("nightbeam.drafter.searches", outcomes.length);
  recorder.add(
    "nightbeam.drafter.calls",
    sum((cost) => cost.calls),
  );
  recorder.add("nightbeam.drafter.nodes", missing, { asked: "missing" });
  recorder.add("nightbeam.drafter.nodes", nodes - missing, { asked: "drafted" });
  recorder.add(
    "nightbeam.drafter.draft.hits",
    sum((cost) => cost.draftHits),
  );
  recorder.add(
    "nightbeam.drafter.tokens",
    sum((cost) => cost.tokens),
  );
  recorder.add(
    "nightbeam.drafter.accepted_levels",
    sum((cost) => cost.acceptedSteps),
  );
}
