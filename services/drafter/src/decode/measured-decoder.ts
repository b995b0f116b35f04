import type { BatchDecoder, Drafter, SearchOutcome } from "@nightbeam/decoding";
import { parseDraftName } from "@nightbeam/settings";
import type { LabelsOf, Recorder, Tracing } from "@nightbeam/telemetry";

/** What the draft of a run is made of, as the metrics name it. */
export type DraftKind = LabelsOf<"nightbeam.drafter.draft.hits">["draft"];

/** @param drafts the names of a run's drafts */
export function draftKind(drafts: readonly string[]): DraftKind {
  const [first, ...others] = drafts;
  if (first === undefined) return "none";
  return others.length > 0 ? "several" : parseDraftName(first).kind;
}

/** A decoder whose batches are measured and traced. */
export function measuredDecoder(
  decoder: BatchDecoder,
  options: { readonly recorder: Recorder; readonly tracing: Tracing; readonly draft: DraftKind },
): BatchDecoder {
  const { recorder, tracing } = options;
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
      recordSearches(options, outcomes);
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

function recordSearches(
  { recorder, draft }: { readonly recorder: Recorder; readonly draft: DraftKind },
  outcomes: readonly SearchOutcome[],
): void {
  const sum = (of: (cost: SearchOutcome["cost"]) => number) =>
    outcomes.reduce((total, { cost }) => total + of(cost), 0);
  const nodes = sum((cost) => cost.nodes);
  const missing = sum((cost) => cost.missingNodes);
  recorder.add("nightbeam.drafter.searches", outcomes.length);
  recorder.add(
    "nightbeam.drafter.calls",
    sum((cost) => cost.calls),
  );
  recorder.add("nightbeam.drafter.nodes", missing, { asked: "missing", draft });
  recorder.add("nightbeam.drafter.nodes", nodes - missing, { asked: "drafted", draft });
  recorder.add(
    "nightbeam.drafter.draft.hits",
    sum((cost) => cost.draftHits),
    { draft },
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
