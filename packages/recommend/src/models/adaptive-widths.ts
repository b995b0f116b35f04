import { type BeamWidth, type DraftPolicy, widthAt } from "@nightbeam/decoding";

/** Draft widths worth trying, as multiples of the beam width, small ones first. */
const MULTIPLES = [1.25, 2, 3];
/** Maximum total loss of trials, as a share of the plain cost of the batches so far. */
const TRIAL_SHARE = 1 / 30;
/** The presumed loss of a trial until it is measured, in plain batches. */
const PRESUMED_LOSS = 1;
/** Measurements of a choice before it is trusted. */
const TRUSTED = 3;
/** Number of latest batches that a choice is judged by, because a machine's speed drifts. */
const REMEMBERED = 31;
/** A choice must cost less than this share of plain search to be used: ties go to plain search. */
const MARGIN = 0.98;
/** A choice whose first trial costs more than this multiple of plain search is not tried again. */
const HOPELESS = 1.15;

interface Choice {
  readonly widths: readonly number[];
  /** Milliseconds per row that plain search would compute, of the latest batches, oldest first. */
  readonly costs: number[];
  /** Trials in progress. */
  trials: number;
}

/**
 * Finds by measurement which draft width is the fastest. It starts with plain search and tries wider
 * drafts on real batches, whose results count, no more often than the loss of trials allows. The
 * answer depends on the machine: wide drafts win if calls are expensive, plain search wins if tokens
 * are.
 */
export function adaptiveWidths(options: { beamWidth: BeamWidth; levels: number }): DraftPolicy {
  const { beamWidth, levels } = options;
  const choice = (widths: readonly number[]): Choice => ({ widths, costs: [], trials: 0 });
  const plain = choice([]);
  const kept = Array.from({ length: levels - 1 }, (_, level) => widthAt(beamWidth, level + 1));
  const plainNodes = kept.reduce((sum, width) => sum + width, 0);
  const drafts = MULTIPLES.map((multiple) =>
    choice(kept.map((width) => Math.ceil(multiple * width))),
  );
  let batches = 0;
  /** Loss of trials against plain search, in plain batches; trials in progress count as presumed. */
  let lost = 0;
  const isOpen = ({ costs, trials }: Choice) =>
    costs.length + trials < TRUSTED && (costs[0] ?? 0) <= HOPELESS * typical(plain);
  return {
    widthsFor() {
      batches++;
      if (plain.costs.length < TRUSTED) return plain.widths;
      const affordable = lost + PRESUMED_LOSS <= batches * TRIAL_SHARE;
      const tried = affordable ? drafts.find(isOpen) : undefined;
      if (tried === undefined) return fastest(plain, drafts).widths;
      tried.trials++;
      lost += PRESUMED_LOSS;
      return tried.widths;
    },
    observe({ widths, users, promptTokens, milliseconds }) {
      const one = [plain, ...drafts].find((choice) => choice.widths.join() === widths.join());
      if (one === undefined) return;
      // Batches differ in size and prompt length: cost is measured per row that plain search would compute.
      const cost = milliseconds / (users * (promptTokens + plainNodes));
      if (one.trials > 0) {
        one.trials--;
        lost += Math.max(0, cost / typical(plain) - 1) - PRESUMED_LOSS;
      }
      one.costs.push(cost);
      if (one.costs.length > REMEMBERED) one.costs.shift();
    },
  };
}

/** The median cost, so that one disturbed batch decides nothing. */
function typical({ costs }: Choice): number {
  return costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/** The draft that costs least if it beats plain search by the margin, else plain search. */
function fastest(plain: Choice, drafts: readonly Choice[]): Choice {
  const bar = MARGIN * typical(plain);
  return drafts
    .filter((draft) => draft.costs.length >= TRUSTED && typical(draft) < bar)
    .reduce((best, draft) => (typical(draft) < typical(best) ? draft : best), plain);
}
